package deploy

import (
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/storage"
)

// bring imports a section, after checking that it is a list of objects or an object as it
// should be.
func (s importSection) bring(im *importer, value any) error {
	if err := checkForm(s.name, value); err != nil {
		return err
	}
	return s.run(im, value)
}

// checkForm returns an error for a section that is not an object or a list of objects as it
// should be; nothing of it could be imported.
func checkForm(section string, value any) error {
	if tenantfile.IsObject(section) {
		if _, ok := value.(storage.Document); !ok {
			return errors.New("it must be an object")
		}
		return nil
	}
	return checkList(value)
}

// checkList returns an error for a value that is not a list of objects.
func checkList(value any) error {
	list, ok := value.([]any)
	if !ok {
		return errors.New("it must be a list")
	}
	for i, item := range list {
		if _, ok := item.(storage.Document); !ok {
			return fmt.Errorf("entry %d must be an object", i+1)
		}
	}
	return nil
}

// checkParts returns an error if one of the members of an object is neither missing nor a
// list of objects.
func checkParts(item storage.Document, members ...string) error {
	for _, member := range members {
		if item[member] == nil {
			continue
		}
		if err := checkList(item[member]); err != nil {
			return fmt.Errorf("%s: %w", member, err)
		}
	}
	return nil
}
