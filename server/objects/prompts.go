package objects

import (
	"maps"

	"github.com/tenant0/tenant0/storage"
)

// RenderingsKind is the kind of how screens are rendered.
const RenderingsKind = "prompts/rendering"

// Rendering is how a screen is rendered: as is kept, or else as it is until something is
// said.
func (s Services) Rendering(tx *storage.Tx, prompt, screen string) (storage.Document, error) {
	doc, err := tx.Documents(RenderingsKind, "").Document(renderingID(prompt, screen))
	if storage.IsNotFound(err) {
		return storage.Document{
			"tenant": s.TenantName(), "prompt": prompt, "screen": screen, "rendering_mode": "standard", "context_configuration": []any{},
			"default_head_tags_disabled": false, "head_tags": []any{}, "filters": nil, "use_page_template": false,
		}, nil
	}
	return doc, err
}

func renderingID(prompt, screen string) string { return prompt + "/" + screen }

// UpdateRendering changes how a screen is rendered.
func UpdateRendering(ch *Change, prompt, screen string, change storage.Document) error {
	doc, err := ch.Rendering(ch.Tx, prompt, screen)
	if err != nil {
		return err
	}
	maps.Copy(doc, change)
	return ch.Tx.Documents(RenderingsKind, "").Put(storage.Write{ID: renderingID(prompt, screen), Document: doc})
}

// KeepTexts replaces texts of a kind, storage.CustomTextKind or storage.PartialsKind; empty
// ones are none.
func KeepTexts(tx *storage.Tx, kind, id string, texts storage.Document) error {
	kept := tx.Documents(kind, "")
	if len(texts) == 0 {
		return kept.Delete(id)
	}
	return kept.Put(storage.Write{ID: id, Document: texts})
}
