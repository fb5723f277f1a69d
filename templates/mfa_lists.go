package templates

import "strconv"

// messageTypes returns the ways to send a code to a phone, "sms" and "voice", of which one is chosen.
func messageTypes(chosen string) []messageType {
	return []messageType{{"sms", "smsButtonText", chosen != "voice"}, {"voice", "voiceButtonText", chosen == "voice"}}
}

// MFAPhoneChallenge asks how a code is sent to the user's phone: input[name=type].
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type MFAPhoneChallenge struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// To is the phone number, partly hidden, and Type the way that is chosen: "sms" or "voice".
	To, Type string
	// Several offers the user's other phone numbers, and Others other methods.
	Several, Others bool
}

func (p MFAPhoneChallenge) view() view {
	m := mfa{Button: "default", ButtonText: "continueButtonText", Description: "description", To: p.To, Types: messageTypes(p.Type)}
	if p.Several {
		m.More = append(m.More, more{Action: "pick-phone", Text: "changePhoneText"})
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	return p.mfa(p, "mfa-phone", "mfa-phone-challenge", p.ClientName, p.State, m, nil, p.Errors)
}

// MFAList lets the user choose among several phone numbers or e-mail addresses.
type MFAList struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	// Factor is "sms" or "email".
	Factor string
	// Entries are the numbers or addresses, partly hidden.
	Entries []string
}

func (p MFAList) view() view {
	m := mfa{More: []more{goBack}}
	for place, to := range p.Entries {
		m.Choices = append(m.Choices, choice{MFAChoice: MFAChoice{Action: "selection-action", To: to}, Value: "selection-action::" + strconv.Itoa(place)})
	}
	prompt := "mfa-" + p.Factor
	return p.mfa(p, prompt, prompt+"-list", p.ClientName, p.State, m, nil, nil)
}
