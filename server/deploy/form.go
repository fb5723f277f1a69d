package deploy

import (
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/storage"
)

// bring imports a section that has its form.
func (s importSection) bring(im *importer, value any) error {
	if err := checkForm(s.name, value); err != nil {
		return err
	}
	return s.run(im, value)
}

// checkForm refuses a section of another form than it has, of which nothing would be imported.
func checkForm(section string, value any) error {
	if tenantfile.IsObject(section) {
		if _, ok := value.(storage.Document); !ok {
			return errors.New("it must be an object")
		}
		return nil
	}
	return checkList(value)
}

// checkList refuses what is no list of objects.
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

// checkParts refuses members of an object that have to list objects and do not.
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
