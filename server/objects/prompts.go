package objects

import (
	"maps"

	"github.com/tenant0/tenant0/storage"
)

// RenderingsKind is the kind of the documents that say how screens are rendered.
const RenderingsKind = "prompts/rendering"

// Rendering returns how a screen is rendered: the stored settings, or else the defaults.
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

// KeepTexts stores texts of a kind, storage.CustomTextKind or storage.PartialsKind, in
// place of the earlier ones. Empty texts are deleted.
func KeepTexts(tx *storage.Tx, kind, id string, texts storage.Document) error {
	kept := tx.Documents(kind, "")
	if len(texts) == 0 {
		return kept.Delete(id)
	}
	return kept.Put(storage.Write{ID: id, Document: texts})
}
