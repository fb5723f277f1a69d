package servertest

// Theme returns a theme with all members that Auth0 requires: api/management/v2/branding/post-branding-theme.
func Theme() map[string]any {
	text := func() map[string]any { return map[string]any{"bold": false, "size": 100} }
	colors := map[string]any{}
	for _, color := range []string{
		"body_text", "error", "header", "icons", "input_background", "input_border", "input_filled_text", "input_labels_placeholders",
		"links_focused_components", "primary_button", "primary_button_label", "secondary_button_border", "secondary_button_label", "success",
		"widget_background", "widget_border",
	} {
		colors[color] = "#abc"
	}
	return map[string]any{
		"borders": map[string]any{
			"button_border_radius": 1, "button_border_weight": 0, "buttons_style": "pill", "input_border_radius": 0, "input_border_weight": 3,
			"inputs_style": "sharp", "show_widget_shadow": true, "widget_border_weight": 10, "widget_corner_radius": 50,
		},
		"colors": colors,
		"fonts": map[string]any{
			"body_text": text(), "buttons_text": text(), "input_labels": text(), "links": text(), "subtitle": text(), "title": text(), "font_url": "",
			"links_style": "normal", "reference_text_size": 12,
		},
		"page_background": map[string]any{"background_color": "#11223344", "background_image_url": "https://exampleco.com/b.png", "page_layout": "left"},
		"widget": map[string]any{
			"header_text_alignment": "center", "logo_height": 100, "logo_position": "none", "logo_url": "", "social_buttons_layout": "top",
		},
	}
}
