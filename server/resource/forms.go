package resource

import (
	"maps"
	"sync"
)

// Parts of forms, from the schemas FormNode and FormComponent in Auth0's OpenAPI document of the Management API. The
// document does not define identifiers (forms-custom-identifier), nor what happens at nodes without a next node.

// upTo describes a text of 1 to most characters.
func upTo(most int) Field { return Field{Type: String, Min: 1, Max: most} }

// only describes a required text with a single possible value.
func only(value string) Field { return Field{Type: String, Required: true, Enum: []string{value}} }

func oneOfTexts(values ...string) Field { return Field{Type: String, Enum: values} }

var (
	formID      = Field{Type: String, Min: 1}
	flowID      = Field{Type: String, Max: 30}
	coordinate  = Field{Type: Integer, Required: true, Min: -999999, Max: 999999}
	coordinates = Field{Type: Object, Fields: Fields{"x": coordinate, "y": coordinate}}
	formText    = Field{Type: Object, Plain: true, Item: &Field{Type: String, Min: 1, Max: 255, Plain: true}}

	formMessages = Field{Type: Object, Plain: true, Fields: Fields{"errors": formText, "custom": formText}}
	formStart    = Field{Type: Object, Nullable: true, Fields: Fields{
		"next_node": formID, "coordinates": coordinates,
		"hidden_fields": {Type: Array, Item: &Field{Type: Object, Fields: Fields{"key": {Type: String, Required: true, Min: 1, Plain: true}, "value": upTo(500)}}},
	}}
	formEnding = Field{Type: Object, Nullable: true, Fields: Fields{
		"redirection":  {Type: Object, Fields: Fields{"delay": {Type: Integer, Max: 10}, "target": required(upTo(1024))}},
		"after_submit": {Type: Object, Fields: Fields{"flow_id": flowID}}, "coordinates": coordinates, "resume_flow": {Type: Bool, Only: true},
	}}
)

// formNodes returns the possible nodes of a form.
var formNodes = sync.OnceValue(func() []Field {
	rule := Field{Type: Object, Fields: Fields{"id": required(formID), "alias": upTo(150), "condition": {Required: true}, "next_node": formID}}
	return []Field{
		formNode("FLOW", true, Fields{"flow_id": required(flowID), "next_node": formID}),
		formNode("ROUTER", false, Fields{"rules": {Type: Array, Item: &rule}, "fallback": formID}),
		formNode("STEP", false, Fields{"components": {Type: Array, Item: &Field{Type: Object, Open: true, OneOf: formComponents}}, "next_node": formID}),
	}
})

func formNode(kind string, configured bool, config Fields) Field {
	return Field{Type: Object, Fields: Fields{
		"id": required(formID), "type": only(kind), "coordinates": coordinates, "alias": upTo(150),
		"config": {Type: Object, Required: configured, Fields: config},
	}}
}

// formComponents returns the possible components of a step.
var formComponents = sync.OnceValue(func() []Field {
	all := append(formFields(), formBlocks()...)
	widget := func(kind string, config Fields) { all = append(all, formField("WIDGET", kind, true, config)) }
	key := required(Field{Type: String, Min: 1})
	widget("AUTH0_VERIFIABLE_CREDENTIALS", Fields{
		"url": {Type: String, Required: true, Max: 2000}, "size": {Type: Number, Min: 1, Max: 500}, "alternate_text": required(upTo(255)),
		"access_token": required(upTo(5000)), "verification_id": required(upTo(255)), "max_wait": {Type: Number, Min: 60, Max: 600},
	})
	widget("GMAPS_ADDRESS", Fields{"api_key": key})
	widget("RECAPTCHA", Fields{"site_key": key, "secret_key": key})
	return all
})

func formBlocks() (all []Field) {
	block := func(kind string, configured bool, config Fields) {
		all = append(all, Field{Type: Object, Fields: Fields{
			"id": required(formID), "category": only("BLOCK"), "type": only(kind), "config": {Type: Object, Required: configured, Fields: config},
		}})
	}
	sides := oneOfTexts("LEFT", "CENTER", "RIGHT")
	button := required(Field{Type: String, Max: 150})
	block("DIVIDER", false, Fields{"text": {Type: String, Max: 50}})
	block("HTML", false, Fields{"content": {Type: String, Max: 10000}})
	block("RICH_TEXT", false, Fields{"content": {Type: String, Max: 10000}})
	block("IMAGE", false, Fields{"src": {Type: String, Required: true, Max: 500}, "position": sides, "height": {Type: Number, Min: 1, Max: 500}})
	block("NEXT_BUTTON", true, Fields{"text": button})
	block("PREVIOUS_BUTTON", true, Fields{"text": button})
	block("JUMP_BUTTON", true, Fields{"text": button, "next_node": required(formID), "style": {Type: Object, Fields: Fields{"background_color": text}}})
	block("RESEND_BUTTON", true, Fields{
		"active_text": required(upTo(255)), "button_text": required(upTo(255)), "waiting_text": required(upTo(255)), "text_alignment": sides,
		"flow_id": required(flowID), "max_attempts": {Type: Number, Min: 1, Max: 10}, "waiting_time": {Type: Number, Min: 1, Max: 60},
	})
	return all
}

func formField(category, kind string, configured bool, config Fields) Field {
	return Field{Type: Object, Fields: Fields{
		"id": required(formID), "category": only(category), "type": only(kind), "label": {Type: String, Min: 1}, "hint": upTo(500),
		"required": flag, "sensitive": flag, "config": {Type: Object, Required: configured, Fields: config},
	}}
}

func formFields() (all []Field) {
	field := func(kind string, configured bool, config Fields) {
		all = append(all, formField("FIELD", kind, configured, config))
	}
	anything, placeholder, length, word := Field{}, upTo(500), Field{Type: Integer, Min: 1}, Field{Type: String, Min: 1}
	empty := Field{Type: String, Max: 500} // a placeholder, which may be empty
	choices := func(more Fields) Field {
		members := Fields{"value": required(word), "label": required(word)}
		maps.Copy(members, more)
		return Field{Type: Array, Item: &Field{Type: Object, Fields: members}}
	}
	field("TEXT", false, Fields{"multiline": flag, "default_value": word, "placeholder": placeholder, "min_length": length, "max_length": length})
	field("EMAIL", false, Fields{"default_value": word, "placeholder": placeholder})
	field("URL", false, Fields{"default_value": word, "placeholder": placeholder})
	field("TEL", false, Fields{
		"default_value": text, "placeholder": empty, "min_length": length, "max_length": length, "country_picker": flag,
		"strings": {Type: Object, Fields: Fields{"filter_placeholder": word}},
	})
	signed := Field{Type: Number, Least: -maxNumber}
	field("NUMBER", false, Fields{"default_value": signed, "placeholder": placeholder, "min_value": signed, "max_value": signed})
	field("PASSWORD", true, Fields{
		"hash": oneOfTexts("NONE", "MD5", "SHA1", "SHA256", "SHA512"), "placeholder": empty, "min_length": length, "max_length": length,
		"complexity": flag, "nist": flag, "strength_meter": flag,
	})
	field("BOOLEAN", true, Fields{"default_value": flag, "options": {Type: Object, Fields: Fields{"true": upTo(50), "false": upTo(50)}}})
	field("CHOICE", false, Fields{
		"multiple": flag, "options": choices(nil), "default_value": anything,
		"allow_other": {Type: Object, Fields: Fields{"enabled": {Type: Bool, Only: true}, "label": word, "placeholder": word}},
	})
	field("DROPDOWN", false, Fields{"multiple": flag, "options": choices(nil), "default_value": anything, "placeholder": placeholder})
	field("CARDS", false, Fields{
		"hide_labels": flag, "multiple": flag, "default_value": anything, "options": choices(Fields{"image_url": required(text)}),
	})
	field("DATE", true, Fields{"format": oneOfTexts("DATE", "TIME"), "default_value": text})
	field("LEGAL", false, Fields{"text": upTo(10000)})
	field("CUSTOM", true, Fields{"schema": required(object), "code": required(word), "css": word, "params": {Type: Object, Item: &text}})
	field("FILE", false, Fields{
		"multiple": flag, "storage": {Type: Object, Open: true, Fields: Fields{"type": required(oneOfTexts("MANAGED", "CUSTOM"))}},
		"categories": {Type: Array, Item: oneOf("AUDIO", "VIDEO", "IMAGE", "DOCUMENT", "ARCHIVE")},
		"extensions": {Type: Array, Item: &Field{Type: String, Max: 50}}, "maxSize": {Type: Integer, Min: 1024}, "maxFiles": length,
	})
	field("PAYMENT", true, formPayment())
	field("SOCIAL", false, Fields{})
	return all
}

// formPayment describes the configuration of a payment field.
func formPayment() Fields {
	label := Field{Type: Object, Fields: Fields{"label": upTo(250), "placeholder": upTo(250)}}
	currency := required(oneOfTexts("AUD", "CAD", "CHF", "EUR", "GBP", "INR", "MXN", "SEK", "USD"))
	amount := Field{Required: true, OneOf: func() []Field { return []Field{{Type: String, Min: 1}, {Type: Number, Least: 0.01}} }}
	return Fields{
		"provider": oneOfTexts("STRIPE"), "credentials": {Type: Object, Required: true, Fields: Fields{"public_key": required(upTo(250)), "private_key": required(upTo(250))}},
		"customer": object, "fields": {Type: Object, Fields: Fields{"card_number": label, "expiration_date": label, "security_code": label, "trustmarks": flag}},
		"charge": {Type: Object, Open: true, Required: true, OneOf: func() []Field {
			return []Field{
				{Type: Object, Fields: Fields{"type": only("ONE_OFF"), "one_off": {Type: Object, Required: true, Open: true, Fields: Fields{"amount": amount, "currency": currency}}}},
				{Type: Object, Fields: Fields{"type": only("SUBSCRIPTION"), "subscription": required(object)}},
			}
		}},
	}
}
