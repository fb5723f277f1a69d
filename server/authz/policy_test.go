package authz_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// FuzzEffective compares the evaluator with a simple one that scans all groups again for
// every group found, on data with cycles and ids that point to nothing.
func FuzzEffective(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, uint8(seed%14), uint8(seed%7))
	}
	f.Fuzz(func(t *testing.T, seed uint64, groups, roles uint8) {
		ext := randomStore(seed, int(groups%40), int(roles%20))
		idp := []string{"group 1", "group 3", "elsewhere"}
		got := authz.Effective(ext, "user 0", "app 0", "connection 0", idp)
		want := rescan(ext, "user 0", "app 0", "connection 0", idp)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rescanning gives another policy (-rescan +linear)\n%s\n%+v", diff, ext)
		}
	})
}

// randomStore returns data with duplicate names, ids that point to nothing and groups
// nested in any direction.
func randomStore(seed uint64, groups, roles int) storage.Extension {
	rng := rand.New(rand.NewPCG(seed, 1))
	some := func(kind string, of, most int) []string {
		var ids []string
		for range rng.IntN(most + 1) {
			ids = append(ids, fmt.Sprintf("%s %d", kind, rng.IntN(of+1))) // one past the end dangles
		}
		return ids
	}
	var ext storage.Extension
	for i := range roles {
		ext.Permissions = append(ext.Permissions, storage.ExtensionPermission{
			ID: fmt.Sprintf("permission %d", i), Name: fmt.Sprintf("do:%d", rng.IntN(roles)), ApplicationID: "app 0",
		})
		ext.Roles = append(ext.Roles, storage.ExtensionRole{
			ID: fmt.Sprintf("role %d", i), Name: fmt.Sprintf("role %d", rng.IntN(roles)),
			ApplicationID: fmt.Sprintf("app %d", rng.IntN(2)),
			Permissions:   some("permission", roles, 4), Users: some("user", 3, 1),
		})
	}
	for i := range groups {
		g := storage.ExtensionGroup{
			ID: fmt.Sprintf("group %d", i), Name: fmt.Sprintf("group %d", rng.IntN(groups)),
			Members: some("user", 6, 1), Roles: some("role", roles, 2), Nested: some("group", groups, 3),
		}
		for _, name := range some("group", groups, 1) {
			g.Mappings = append(g.Mappings, storage.ExtensionGroupMapping{
				GroupName: name, ConnectionName: fmt.Sprintf("connection %d", rng.IntN(2)),
			})
		}
		ext.Groups = append(ext.Groups, g)
	}
	return ext
}

// rescan evaluates the extension data in the simplest possible way.
func rescan(ext storage.Extension, user, client, connection string, idpGroups []string) authz.Policy {
	found := rescanGroups(ext.Groups, user, connection, idpGroups)
	p := authz.Policy{Groups: []string{}, Roles: []string{}, Permissions: []string{}}
	var roleIDs, permissionIDs []string
	for _, g := range ext.Groups {
		if slices.Contains(found, g.ID) {
			p.Groups = add(p.Groups, g.Name)
			roleIDs = append(roleIDs, g.Roles...)
		}
	}
	hold := func(r storage.ExtensionRole, has bool) {
		if has && r.ApplicationID == client {
			p.Roles = add(p.Roles, r.Name)
			permissionIDs = append(permissionIDs, r.Permissions...)
		}
	}
	for _, r := range ext.Roles {
		hold(r, slices.Contains(roleIDs, r.ID))
	}
	for _, r := range ext.Roles {
		hold(r, slices.Contains(r.Users, user))
	}
	for _, pm := range ext.Permissions {
		if slices.Contains(permissionIDs, pm.ID) {
			p.Permissions = add(p.Permissions, pm.Name)
		}
	}
	return p
}

func rescanGroups(groups []storage.ExtensionGroup, user, connection string, idpGroups []string) (found []string) {
	names := slices.Clone(idpGroups)
	for _, g := range groups {
		if slices.Contains(g.Members, user) {
			names = append(names, g.Name)
			found = append(found, g.ID)
		}
	}
	for _, g := range groups {
		for _, m := range g.Mappings {
			if m.ConnectionName == connection && slices.Contains(names, m.GroupName) {
				found = append(found, g.ID)
			}
		}
	}
	for i := 0; i < len(found); i++ {
		for _, g := range groups {
			if slices.Contains(g.Nested, found[i]) {
				found = add(found, g.ID)
			}
		}
	}
	return found
}

func add(list []string, item string) []string {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// BenchmarkEffective walks a chain of groups from the bottom to the top, the most
// expensive case. The nanoseconds per group hardly grow with the length of the chain.
func BenchmarkEffective(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var ext storage.Extension
			for i := range n {
				id := strconv.Itoa(i)
				ext.Permissions = append(ext.Permissions, storage.ExtensionPermission{ID: id, Name: "do:" + id, ApplicationID: clientID})
				ext.Roles = append(ext.Roles, storage.ExtensionRole{ID: id, Name: id, ApplicationID: clientID, Permissions: []string{id}})
				ext.Groups = append(ext.Groups, storage.ExtensionGroup{ID: id, Name: id, Roles: []string{id}, Nested: []string{strconv.Itoa(i + 1)}})
			}
			ext.Groups[n-1].Members = []string{userID}
			for b.Loop() {
				if p := authz.Effective(ext, userID, clientID, database, nil); len(p.Permissions) != n {
					b.Fatalf("%d permissions, want %d", len(p.Permissions), n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/group")
		})
	}
}
