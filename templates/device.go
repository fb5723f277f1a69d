package templates

// DeviceActivation asks for the code that a device shows: input#code.
// https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow
type DeviceActivation struct {
	Layout
	// Code is the code that was entered before.
	Code string
	// Errors are as in Login, such as "invalid-expired-code".
	Errors []string
}

func (p DeviceActivation) view() view {
	return p.screen(p, "form", "device-flow", "device-code-activation", "", "").withForm(form{
		Class: "_form-device-code-activation", Button: "_button-device-code-activation",
		Inputs: []input{{Name: "code", Type: "text", Label: "placeholder", Value: p.Code, Autocomplete: "off", Focus: true, Missing: "no-code"}},
	}, p.Errors)
}

// DeviceConfirmation asks whether the device shows the same code. The form posts to the page's own
// URL with action "confirm" or "cancel".
type DeviceConfirmation struct {
	Layout
	// ClientName is the application that runs on the device.
	ClientName string
	// Code is the code in the form that the device shows.
	Code string
}

func (p DeviceConfirmation) view() view {
	return p.screen(p, "device_confirmation", "device-flow", "device-code-confirmation", p.ClientName, "")
}
