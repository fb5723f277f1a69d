package deploy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/storage"
)

// simulated is an entry of the section simulatedProviders: the people of a connection's simulated
// provider, and the outcome of logins without asking. The members are those of the control listener.
type simulated struct {
	Connection string `json:"connection"`
	People     []struct {
		ID      string         `json:"id"`
		Profile map[string]any `json:"profile"`
	} `json:"people"`
	Choice *struct {
		Outcome string `json:"outcome"`
		Person  string `json:"person"`
		Once    bool   `json:"once"`
	} `json:"choice"`
}

// importProviders imports the people and choices of simulated providers. Other people of a provider are
// kept.
func importProviders(tx *storage.Tx, entries []storage.Document) (changes []Change, err error) {
	for _, entry := range entries {
		raw, err := json.Marshal(entry)
		if err != nil {
			return nil, err
		}
		var one simulated
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", providersSection, storage.Text(entry, "connection"), err)
		}
		action, err := one.put(tx)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", providersSection, one.Connection, err)
		}
		changes = append(changes, Change{Action: action, Section: providersSection, Name: one.Connection})
	}
	return changes, nil
}

// put stores an entry, and returns "update" if that changes anything, otherwise "unchanged".
func (s simulated) put(tx *storage.Tx) (action string, err error) {
	c, err := tx.Connections.Find("name", s.Connection)
	if storage.IsNotFound(err) || err == nil && !c.AtProvider() {
		return "", fmt.Errorf("there is no such connection to an identity provider")
	}
	if err != nil {
		return "", err
	}
	changed, err := s.putPeople(tx, c)
	if err != nil {
		return "", err
	}
	chosen, err := s.putChoice(tx, c)
	if changed || chosen {
		return "update", err
	}
	return "unchanged", err
}

func (s simulated) putPeople(tx *storage.Tx, c storage.Connection) (changed bool, err error) {
	for _, p := range s.People {
		person := storage.Person{Connection: c.Name, ID: p.ID, Profile: p.Profile}
		if person.ID == "" {
			person.ID = providers.NewID(c, providers.Seed(p.Profile))
		}
		before, err := tx.PersonOf(c.Name, person.ID)
		if storage.Optional(err) != nil {
			return changed, err
		}
		if err == nil && reflect.DeepEqual(before, person) {
			continue
		}
		if err := tx.People.Put(person); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}

func (s simulated) putChoice(tx *storage.Tx, c storage.Connection) (changed bool, err error) {
	if s.Choice == nil {
		return false, nil
	}
	choice := storage.ProviderChoice{Connection: c.Name, Person: s.Choice.Person, Outcome: cmp.Or(s.Choice.Outcome, providers.Allow), Once: s.Choice.Once}
	if !slices.Contains(providers.Outcomes, choice.Outcome) {
		return false, fmt.Errorf("the outcome of a choice is one of %s", strings.Join(providers.Outcomes, ", "))
	}
	people, err := providers.People(tx, c)
	if err != nil {
		return false, err
	}
	if _, found := providers.Find(people, choice.Person); !found && choice.Person != "" {
		return false, fmt.Errorf("the provider has no person with the id or e-mail address %s", choice.Person)
	}
	before, err := tx.ProviderChoices.Get(c.Name)
	if storage.Optional(err) != nil || err == nil && before == choice {
		return false, storage.Optional(err)
	}
	return true, tx.ProviderChoices.Put(choice)
}
