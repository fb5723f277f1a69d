package forms

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// The types of nodes, and the id of the ending, which every form has.
const (
	stepNode   = "STEP"
	routerNode = "ROUTER"
	flowNode   = "FLOW"
	endingNode = "$ending"
)

// definition is a form of the tenant, Auth0: api/management/v2/forms.
type definition struct {
	ID        string `json:"id"`
	Languages struct {
		Primary string `json:"primary"`
		Default string `json:"default"`
	} `json:"languages"`
	Messages     messages               `json:"messages"`
	Translations map[string]translation `json:"translations"`
	Start        struct {
		HiddenFields []struct {
			Key   string `json:"key"`
			Value any    `json:"value"`
		} `json:"hidden_fields"`
		NextNode string `json:"next_node"`
	} `json:"start"`
	Nodes  []node `json:"nodes"`
	Ending struct {
		Redirection *struct {
			Delay  float64 `json:"delay"` // seconds
			Target string  `json:"target"`
		} `json:"redirection"`
		AfterSubmit *struct {
			FlowID string `json:"flow_id"`
		} `json:"after_submit"`
		ResumeFlow bool `json:"resume_flow"`
	} `json:"ending"`
	Style struct {
		CSS string `json:"css"`
	} `json:"style"`
}

// messages are the form's own texts: for errors, and custom ones for t('key').
type messages struct {
	Errors map[string]string `json:"errors"`
	Custom map[string]string `json:"custom"`
}

// translation has the texts of a form in another language: messages, and the texts of components by
// their ids.
type translation struct {
	messages
	Messages   messages                  `json:"messages"`
	Components map[string]map[string]any `json:"components"`
}

// node is a node of a form.
type node struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Config struct {
		Components []component `json:"components"`
		NextNode   string      `json:"next_node"`
		FlowID     string      `json:"flow_id"`
		Rules      []struct {
			ID        string `json:"id"`
			Condition any    `json:"condition"`
			NextNode  string `json:"next_node"`
		} `json:"rules"`
		Fallback string `json:"fallback"`
	} `json:"config"`
}

// component is a field or another element of a step.
type component struct {
	ID        string `json:"id"`
	Category  string `json:"category"`
	Type      string `json:"type"`
	Label     string `json:"label"`
	Hint      string `json:"hint"`
	Required  bool   `json:"required"`
	Sensitive bool   `json:"sensitive"`
	Config    struct {
		Multiline    bool     `json:"multiline"`
		DefaultValue any      `json:"default_value"`
		Placeholder  string   `json:"placeholder"`
		MinLength    int      `json:"min_length"`
		MaxLength    int      `json:"max_length"`
		MinValue     *float64 `json:"min_value"`
		MaxValue     *float64 `json:"max_value"`
		Country      bool     `json:"country_picker"`
		Strings      struct {
			Filter string `json:"filter_placeholder"`
		} `json:"strings"`
		Hash        string  `json:"hash"`
		Complexity  bool    `json:"complexity"`
		NIST        bool    `json:"nist"`
		Multiple    bool    `json:"multiple"`
		AllowOther  other   `json:"allow_other"`
		HideLabels  bool    `json:"hide_labels"`
		Options     options `json:"options"`
		Format      string  `json:"format"`
		Text        string  `json:"text"`
		Content     string  `json:"content"`
		Source      string  `json:"src"`
		Position    string  `json:"position"`
		Height      float64 `json:"height"`
		NextNode    string  `json:"next_node"`
		FlowID      string  `json:"flow_id"`
		ActiveText  string  `json:"active_text"`
		ButtonText  string  `json:"button_text"`
		WaitingText string  `json:"waiting_text"`
		Alignment   string  `json:"text_alignment"`
		MaxAttempts int     `json:"max_attempts"`
		WaitingTime float64 `json:"waiting_time"` // seconds
	} `json:"config"`
}

// other says whether a value other than the options may be entered. In JSON it is a boolean or an
// object with a label.
type other struct {
	Enabled bool   `json:"enabled"`
	Label   string `json:"label"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *other) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &o.Enabled) == nil {
		return nil
	}
	type plain other
	return json.Unmarshal(raw, (*plain)(o))
}

// option is an option of a field with choices.
type option struct {
	Value    string `json:"value"`
	Label    string `json:"label"`
	ImageURL string `json:"image_url"`
}

// options are the options of a field: a list, or for a boolean the labels of true and false.
type options struct {
	list []option
	// yes and no are the labels of the values true and false.
	yes, no string
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *options) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &o.list) == nil {
		return nil
	}
	var labels struct {
		True  string `json:"true"`
		False string `json:"false"`
	}
	err := json.Unmarshal(raw, &labels)
	o.yes, o.no = labels.True, labels.False
	return err
}

func (c component) field() bool { return c.Category == "FIELD" || c.Category == "WIDGET" }

// find reads a form. If a member of the form has the wrong type, the error names it.
func find(tx *storage.Tx, kind, id string) (d definition, raw storage.Document, err error) {
	if raw, err = tx.Documents(kind, "").Document(id); err != nil {
		return d, nil, err
	}
	d, err = read(raw)
	return d, raw, err
}

func read(doc storage.Document) (d definition, err error) {
	if err := storage.Decode(doc, &d); err != nil {
		member, want := web.JSONFault(err)
		return d, faulty(storage.Text(doc, "id"), "%s must be of the type %s", cmp.Or(member, "it"), want)
	}
	return d, nil
}

// faulty returns an error about a form that cannot be shown because its definition is wrong. The
// message is for the author of the form.
func faulty(id, format string, parameters ...any) error {
	return &apierr.Error{
		Status: 400, Code: "invalid_form", Message: "The form " + id + " cannot be shown: " + fmt.Sprintf(format, parameters...),
		Setting: "the form, Management API /api/v2/forms/" + id,
	}
}

// tags returns the languages of a form. The first one is the default for users of other languages.
func (d definition) tags() []string {
	all := []string{}
	for _, tag := range append([]string{d.Languages.Default, d.Languages.Primary}, slices.Sorted(maps.Keys(d.Translations))...) {
		if tag != "" && !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	if len(all) == 0 {
		all = []string{"en"}
	}
	return all
}

// in returns the form translated to one of its languages.
func (d definition) in(doc storage.Document, tag string) (definition, error) {
	t, ok := d.Translations[tag]
	if !ok || tag == d.Languages.Primary {
		return d, nil
	}
	plain, err := expressions.JSONValue(doc)
	if err != nil {
		return d, err
	}
	copied, _ := plain.(map[string]any)
	nodes, _ := copied["nodes"].([]any)
	for _, n := range nodes {
		step, _ := n.(map[string]any)
		config, _ := step["config"].(map[string]any)
		components, _ := config["components"].([]any)
		for _, c := range components {
			if one, ok := c.(map[string]any); ok {
				translate(one, t.Components[storage.Text(one, "id")])
			}
		}
	}
	translated, err := read(copied)
	if err != nil {
		return d, err
	}
	for _, more := range []messages{t.messages, t.Messages} {
		translated.Messages.Errors = joined(translated.Messages.Errors, more.Errors)
		translated.Messages.Custom = joined(translated.Messages.Custom, more.Custom)
	}
	return translated, nil
}

func joined(base, more map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, base)
	maps.Copy(all, more)
	return all
}

// translate replaces the texts of a component by those of a translation. Members other than label, hint
// and config belong to the component's config.
func translate(component, texts map[string]any) {
	config, _ := component["config"].(map[string]any)
	if config == nil {
		config = map[string]any{}
		component["config"] = config
	}
	for name, text := range texts {
		switch name {
		case "label", "hint":
			component[name] = text
		case "config":
			more, _ := text.(map[string]any)
			for member, value := range more {
				translateMember(config, member, value)
			}
		default:
			translateMember(config, name, text)
		}
	}
}

// translateMember replaces one member of a component's config. For options, an object replaces the
// labels of the options with the given values.
func translateMember(config map[string]any, name string, text any) {
	base, _ := config[name].([]any)
	labels, byValue := text.(map[string]any)
	if name != "options" || base == nil || !byValue {
		config[name] = text
		return
	}
	for _, o := range base {
		one, _ := o.(map[string]any)
		if label, ok := labels[storage.Text(one, "value")]; ok && one != nil {
			one["label"] = label
		}
	}
}

// node finds a node by its id.
func (d definition) node(id string) (n node, ok bool) {
	i := slices.IndexFunc(d.Nodes, func(n node) bool { return n.ID == id })
	if i < 0 {
		return n, false
	}
	return d.Nodes[i], true
}

// component finds a component of a node by its type and id.
func (n node) component(kind, id string) (c component, ok bool) {
	i := slices.IndexFunc(n.Config.Components, func(c component) bool { return c.Type == kind && c.ID == id })
	if i < 0 {
		return c, false
	}
	return n.Config.Components[i], true
}

// secret reports whether the values of a field are masked in executions of flows, and deleted when the
// form ends.
func (c component) secret() bool { return c.Sensitive || c.Type == "PASSWORD" }

// secrets returns the ids of the form's secret fields.
func (d definition) secrets() (ids []string) {
	for _, n := range d.Nodes {
		for _, c := range n.Config.Components {
			if c.field() && c.secret() {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}
