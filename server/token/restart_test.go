package token_test

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

// restart stops the server, changes its store, and starts it again with the same issuer.
func (tn tenant) restart(change func(*storage.Tx) error) tenant {
	tn.t.Helper()
	if err := tn.Close(); err != nil {
		tn.t.Fatal(err)
	}
	db, err := storage.Open(tn.OpenData())
	if err != nil {
		tn.t.Fatal(err)
	}
	if err := errors.Join(db.Update(context.Background(), change), db.Close()); err != nil {
		tn.t.Fatal(err)
	}
	s := servertest.Start(tn.t, servertest.Seed(seed(nil)), servertest.Config(func(c *config.Config) {
		c.Data, c.Issuer, c.Listen = tn.Data, tn.URL, tn.Addr()
	}))
	return tenant{s, s.Client(), tn.t}
}

func changeUsers(tx *storage.Tx) error {
	doc, err := tx.Users.Document(blockedID)
	if err != nil {
		return err
	}
	doc["blocked"] = true
	return errors.Join(tx.Users.Put(doc), tx.Users.Delete(userID))
}

func removeAPI(tx *storage.Tx) error {
	api, err := tx.API(plain)
	if err != nil {
		return err
	}
	return tx.ResourceServers.Delete(api.ID)
}
