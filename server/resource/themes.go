package resource

// Parts of a theme, Auth0: api/management/v2/branding/post-branding-theme.

// themeColor is a color of a theme, perhaps with an alpha value.
var themeColor = Field{Type: String, Pattern: Like("^#(([0-9a-fA-F]{3}){1,2}|([0-9a-fA-F]{4}){1,2})$")}

// between describes a required number.
func between(least, most int) Field {
	return Field{Type: Number, Required: true, Min: least, Max: most}
}

// among describes a required text that is one of the given ones.
func among(texts ...string) Field { return Field{Type: String, Required: true, Enum: texts} }

// required returns a field as a required one.
func required(f Field) Field {
	f.Required = true
	return f
}

var themeURL = Field{Type: String, Required: true, Format: "absolute-https-uri-or-empty"}

var themeBorders = Field{Type: Object, Required: true, Fields: Fields{
	"button_border_radius": between(1, 10), "button_border_weight": between(0, 10), "buttons_style": among("pill", "rounded", "sharp"),
	"input_border_radius": between(0, 10), "input_border_weight": between(0, 3), "inputs_style": among("pill", "rounded", "sharp"),
	"show_widget_shadow": required(flag), "widget_border_weight": between(0, 10), "widget_corner_radius": between(0, 50),
}}

var themeColors = Field{Type: Object, Required: true, Fields: themeColorFields()}

func themeColorFields() Fields {
	fields := Fields{
		"base_focus_color": themeColor, "base_hover_color": themeColor, "read_only_background": themeColor,
		"captcha_widget_theme": {Type: String, Enum: []string{"auto", "dark", "light", ""}}, // go-auth0 sends "" if it is not set
	}
	for _, name := range []string{
		"body_text", "error", "header", "icons", "input_background", "input_border", "input_filled_text", "input_labels_placeholders",
		"links_focused_components", "primary_button", "primary_button_label", "secondary_button_border", "secondary_button_label", "success",
		"widget_background", "widget_border",
	} {
		fields[name] = required(themeColor)
	}
	return fields
}

// themeFont describes the font of one kind of text; its size is in percent of the reference size.
func themeFont(least int) Field {
	return Field{Type: Object, Required: true, Fields: Fields{"bold": required(flag), "size": between(least, 150)}}
}

var themeFonts = Field{Type: Object, Required: true, Fields: Fields{
	"body_text": themeFont(0), "buttons_text": themeFont(0), "input_labels": themeFont(0), "links": themeFont(0), "subtitle": themeFont(0),
	"title": themeFont(75), "font_url": themeURL, "links_style": among("normal", "underlined"), "reference_text_size": between(12, 24),
}}

var themeBackground = Field{Type: Object, Required: true, Fields: Fields{
	"background_color": required(themeColor), "background_image_url": themeURL, "page_layout": among("center", "left", "right"),
}}

var themeWidget = Field{Type: Object, Required: true, Fields: Fields{
	"header_text_alignment": among("center", "left", "right"), "logo_height": between(1, 100),
	"logo_position": among("center", "left", "none", "right"), "logo_url": themeURL, "social_buttons_layout": among("bottom", "top"),
}}
