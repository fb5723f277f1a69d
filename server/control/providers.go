package control

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// provider is a simulated identity provider in responses.
type provider struct {
	Connection string   `json:"connection"`
	Strategy   string   `json:"strategy"`
	People     []person `json:"people"`
	// Choice is the outcome of logins at the provider without asking, or nil if its page asks.
	Choice *choice `json:"choice"`
}

// person is a user of a simulated provider.
type person struct {
	ID      string         `json:"id"`
	Profile map[string]any `json:"profile"`
}

// choice is an outcome of logins that a simulated provider uses without asking: for the next
// login if Once is true, otherwise for all.
type choice struct {
	Outcome string `json:"outcome"`
	Person  string `json:"person,omitempty"`
	Once    bool   `json:"once"`
}

// listProviders lists the simulated providers, one for each connection to an identity provider.
//
//auth0:operation GET /providers
func (m *room) listProviders(w http.ResponseWriter, r *http.Request) error {
	all := []provider{}
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		all = all[:0]
		for c, err := range tx.Connections.All() {
			if err != nil {
				return err
			}
			if !c.AtProvider() {
				continue
			}
			p, err := providerOf(tx, c)
			if err != nil {
				return err
			}
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b provider) int { return strings.Compare(a.Connection, b.Connection) })
	return web.Reply(w, http.StatusOK, all)
}

func providerOf(tx *storage.Tx, c storage.Connection) (p provider, err error) {
	p = provider{Connection: c.Name, Strategy: c.Strategy, People: []person{}}
	people, err := providers.People(tx, c)
	for _, one := range people {
		p.People = append(p.People, person{one.ID, one.Profile})
	}
	if err != nil {
		return p, err
	}
	made, err := tx.ProviderChoices.Get(c.Name)
	if err == nil {
		p.Choice = &choice{made.Outcome, made.Person, made.Once}
	}
	return p, storage.Optional(err)
}

// connection returns the connection that is named in the path.
func (m *room) connection(tx *storage.Tx, r *http.Request) (storage.Connection, error) {
	name := web.Param(r, "connection")
	c, err := tx.Connections.Find("name", name)
	if storage.IsNotFound(err) || err == nil && !c.AtProvider() {
		return c, &apierr.Error{Status: http.StatusNotFound, Code: "unknown_provider", Message: "There is no connection " + name + " to an identity provider; GET /providers lists them"}
	}
	return c, err
}

//auth0:operation GET /providers/{connection}
func (m *room) getProvider(w http.ResponseWriter, r *http.Request) error {
	var p provider
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		c, err := m.connection(tx, r)
		if err != nil {
			return err
		}
		p, err = providerOf(tx, c)
		return err
	})
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, p)
}

// putPerson creates or replaces a person of the provider.
//
//auth0:operation POST /providers/{connection}/people
func (m *room) putPerson(w http.ResponseWriter, r *http.Request) error {
	var p person
	if err := read(w, r, web.MaxForm, &p); err != nil {
		return err
	}
	if p.Profile == nil {
		return badBody(`a person is {"id": "...", "profile": {"email": "...", "name": "..."}}; the id may be left out`)
	}
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		c, err := m.connection(tx, r)
		if err != nil {
			return err
		}
		if p.ID == "" {
			p.ID = providers.NewID(c, providers.Seed(p.Profile))
		}
		return tx.People.Put(storage.Person{Connection: c.Name, ID: p.ID, Profile: p.Profile})
	})
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusCreated, p)
}

//auth0:operation DELETE /providers/{connection}/people/{person}
func (m *room) deletePerson(w http.ResponseWriter, r *http.Request) error {
	return m.changeProvider(w, r, func(tx *storage.Tx, c storage.Connection) error {
		return tx.DeletePerson(c.Name, web.Param(r, "person"))
	})
}

// putChoice sets the outcome of logins at the provider, so that its page does not ask.
//
//auth0:operation PUT /providers/{connection}/choice
func (m *room) putChoice(w http.ResponseWriter, r *http.Request) error {
	made := choice{Outcome: providers.Allow}
	if err := read(w, r, web.MaxForm, &made); err != nil {
		return err
	}
	if !slices.Contains(providers.Outcomes, made.Outcome) {
		return badBody("outcome must be one of " + strings.Join(providers.Outcomes, ", "))
	}
	return m.changeProvider(w, r, func(tx *storage.Tx, c storage.Connection) error {
		if _, err := personOf(tx, c, made.Person); err != nil {
			return err
		}
		return tx.ProviderChoices.Put(storage.ProviderChoice{Connection: c.Name, Person: made.Person, Outcome: made.Outcome, Once: made.Once})
	})
}

//auth0:operation DELETE /providers/{connection}/choice
func (m *room) deleteChoice(w http.ResponseWriter, r *http.Request) error {
	return m.changeProvider(w, r, func(tx *storage.Tx, c storage.Connection) error { return tx.ProviderChoices.Delete(c.Name) })
}

// changeProvider changes the data of the provider in the path, and answers with an empty body.
func (m *room) changeProvider(w http.ResponseWriter, r *http.Request, change func(*storage.Tx, storage.Connection) error) error {
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		c, err := m.connection(tx, r)
		if err != nil {
			return err
		}
		return change(tx, c)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// personOf returns the person of a provider with an id or an e-mail address; "" stands for the
// first person.
func personOf(tx *storage.Tx, c storage.Connection, hint string) (storage.Person, error) {
	people, err := providers.People(tx, c)
	if err != nil {
		return storage.Person{}, err
	}
	if hint == "" {
		return people[0], nil
	}
	who, found := providers.Find(people, hint)
	if !found {
		return who, unknownPerson(c, hint)
	}
	return who, nil
}

func unknownPerson(c storage.Connection, hint string) error {
	return &apierr.Error{Status: http.StatusNotFound, Code: "unknown_person", Message: "The provider of " + c.Name + " has no person with the id or e-mail address " + hint}
}
