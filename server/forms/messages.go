package forms

import (
	"strconv"
	"strings"
)

// Keys of error messages. A form can define its own texts for them in messages.errors. Auth0 does not
// document the keys; some of them are those of the form engine that Auth0 uses, and the rest are our
// own.
const (
	errInput    = "ERR_INVALID_INPUT"
	errRequired = "ERR_REQUIRED_PROPERTY"
	errTooShort = "ERR_TOO_SHORT_STRING"
	errTooLong  = "ERR_TOO_LONG_STRING"
	errEmail    = "ERR_EMAIL_EXPECTED"
	errURL      = "ERR_URL_EXPECTED"
	errBoolean  = "ERR_BOOLEAN_EXPECTED"
	errNumber   = "ERR_DECIMAL_EXPECTED"
	errAccept   = "ERR_ACCEPTANCE_REQUIRED"
	errTooSmall = "ERR_TOO_SMALL_NUMBER"
	errTooBig   = "ERR_TOO_BIG_NUMBER"
	errPhone    = "ERR_PHONE_EXPECTED"
	errDate     = "ERR_DATE_EXPECTED"
	errTime     = "ERR_TIME_EXPECTED"
	errOption   = "ERR_OPTION_EXPECTED"
	errPassword = "ERR_PASSWORD_COMPLEXITY"
	errWeak     = "ERR_PASSWORD_TOO_WEAK"
	errAbsent   = "ERR_NOT_EMULATED"
	errFlow     = "ERR_FLOW_FAILED"
)

// builtIn are the built-in texts of errors by language. Auth0 has texts in Spanish and English,
// Auth0: customize/forms/custom-messages-and-translation.
var builtIn = map[string]map[string]string{
	"en": {
		errInput:    "One or more fields are not valid. Please, check errors and try again.",
		errRequired: "This field is required.",
		errTooShort: "This field must be at least {{minLength}} character(s).",
		errTooLong:  "This field must be less or equal to {{maxLength}} character(s).",
		errEmail:    "Please, enter a valid email address.",
		errURL:      "Please, enter a valid URL.",
		errBoolean:  "Please, enter a valid boolean.",
		errNumber:   "Please, enter a valid decimal.",
		errAccept:   "You have to accept this to continue.",
		errTooSmall: "This field must be greater or equal to {{minValue}}.",
		errTooBig:   "This field must be less or equal to {{maxValue}}.",
		errPhone:    "Please, enter a valid phone number.",
		errDate:     "Please, enter a valid date.",
		errTime:     "Please, enter a valid time.",
		errOption:   "Please, choose one of the options.",
		errPassword: "The password must contain an uppercase letter, a lowercase letter, a number and a symbol.",
		errWeak:     "This password is too easy to guess.",
		errAbsent:   "tenant0 does not emulate fields of the type {{type}}.",
		errFlow:     "Something went wrong. Please, try again later.",
	},
	"es": { //nolint:gosec // texts
		errInput:    "Uno o más campos no son válidos. Por favor, revisa los errores e inténtalo de nuevo.",
		errRequired: "Este campo es obligatorio.",
		errTooShort: "Este campo debe tener al menos {{minLength}} carácter(es).",
		errTooLong:  "Este campo debe tener como máximo {{maxLength}} carácter(es).",
		errEmail:    "Por favor, introduce una dirección de correo electrónico válida.",
		errURL:      "Por favor, introduce una URL válida.",
		errBoolean:  "Por favor, introduce un valor booleano válido.",
		errNumber:   "Por favor, introduce un número válido.",
		errAccept:   "Tienes que aceptarlo para continuar.",
		errTooSmall: "Este campo debe ser mayor o igual que {{minValue}}.",
		errTooBig:   "Este campo debe ser menor o igual que {{maxValue}}.",
		errPhone:    "Por favor, introduce un número de teléfono válido.",
		errDate:     "Por favor, introduce una fecha válida.",
		errTime:     "Por favor, introduce una hora válida.",
		errOption:   "Por favor, elige una de las opciones.",
		errPassword: "La contraseña debe contener una mayúscula, una minúscula, un número y un símbolo.",
		errWeak:     "Esta contraseña es demasiado fácil de adivinar.",
		errAbsent:   "tenant0 no emula los campos del tipo {{type}}.",
		errFlow:     "Algo ha ido mal. Por favor, inténtalo más tarde.",
	},
}

// fault is an error about a field: the key of its text, and the values for variables in the text.
type fault struct {
	key    string
	values map[string]string
}

func wrong(key string) *fault { return &fault{key: key} }

func beyond(key, name string, bound float64) *fault {
	return &fault{key, map[string]string{name: strconv.FormatFloat(bound, 'f', -1, 64)}}
}

// message returns the text of a fault in a language: the form's own text, or else the built-in one.
func (d definition) message(f fault, tag string) string {
	text, ok := d.Messages.Errors[f.key]
	if !ok || text == "" {
		base, _, _ := strings.Cut(tag, "-")
		if text, ok = builtIn[base][f.key]; !ok {
			text = builtIn["en"][f.key]
		}
	}
	for name, value := range f.values {
		text = strings.ReplaceAll(text, "{{"+name+"}}", value)
	}
	return text
}
