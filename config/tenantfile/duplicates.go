package tenantfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// unique finds values that occur twice. It is made by unique{}, because add writes to the map.
type unique map[string][]string // value -> path of its first use

func (u unique) add(f *file, value string, path []string, what string) {
	first, taken := u[value]
	switch {
	case value == "":
	case taken:
		place := f.locate(first)
		where := ""
		if place.file != f.locate(path).file {
			where = place.file + ":"
		}
		f.wrong(path, "%s is given twice, first on line %s%d", what, where, max(place.value.Line, 1))
	default:
		u[value] = path
	}
}

// duplicates records objects that a configuration contains twice: if two objects have the same name, the second
// would overwrite the first, and nobody can tell which is meant. Only in a tenant file (namesakes) may applications
// have the same name, if each has an id, by which everything else refers to it.
func (f *file) duplicates(sections Document, namesakes bool) {
	clients := documents(sections["clients"])
	called := clientReferences(clients)
	applications := map[string]string{} // by client_id, the reference that entries use
	for i, client := range clients {
		if id := text(client, "client_id"); id != "" {
			applications[id] = called[i]
		}
	}
	connections := unique{}                                                  // of both sections
	for _, where := range slices.Backward(slices.Sorted(maps.Keys(parts))) { // so that databases come first, as in a file
		section, part, nested := strings.Cut(where, ".")
		once := unique{}
		if section == "clients" && namesakes {
			f.namesTwice(clients, called)
			f.idsTwice(sections[section], section)
			continue
		}
		if section == "databases" || section == "connections" {
			once = connections
		}
		owner, isObject := sections[section].(Document)
		switch {
		case !nested:
			f.listedTwice(once, sections[section], where, at(section), applications)
			f.idsTwice(sections[section], section)
		case isObject:
			f.listedTwice(once, owner[part], where, at(section, part), applications)
		default:
			for i, item := range documents(sections[section]) {
				f.listedTwice(unique{}, item[part], where, at(section, i, part), applications)
			}
		}
	}
}

// listedTwice records the objects of a list that agree in all members that identify them.
func (f *file) listedTwice(once unique, list any, where string, path []string, applications map[string]string) {
	members := parts[where].identity
	for i, item := range documents(list) {
		var said []string
		for _, member := range members {
			value := item[member]
			switch name := applications[text(item, member)]; {
			case member == "client_id" && name != "":
				value = name
			case member == "subject_type" && value == nil:
				value = DefaultSubject
			}
			if value != nil {
				said = append(said, strconv.Quote(fmt.Sprint(value)))
			}
		}
		place := append(slices.Clone(path), strconv.Itoa(i))
		if len(members) == 1 {
			place = append(place, members[0])
		}
		once.add(f, strings.Join(said, ", "), place, strings.Join(said, ", "))
	}
}

// namesTwice records applications that references cannot distinguish.
func (f *file) namesTwice(clients []Document, called []string) {
	once := unique{}
	for i := range clients {
		once.add(f, called[i], at("clients", i, "name"), strconv.Quote(called[i]))
	}
}

// idsTwice records the objects of a section that have the same id.
func (f *file) idsTwice(list any, section string) {
	once, member := unique{}, "id"
	if section == "clients" {
		member = "client_id"
	}
	for i, item := range documents(list) {
		once.add(f, text(item, member), at(section, i, member), fmt.Sprintf("the %s %q", member, text(item, member)))
	}
}

// identifiers are the members by which users log in; a connection must not have two users with the same value.
var identifiers = []string{"email", "username", "phone_number"}

// duplicateUsers records users that occur twice.
func (f *file) duplicateUsers(users []Document) {
	ids, known := unique{}, unique{}
	for i, user := range users {
		ids.add(f, text(user, "user_id"), at("users", i, "user_id"), fmt.Sprintf("the user_id %q", text(user, "user_id")))
		for _, key := range identifiers {
			if value := text(user, key); value != "" {
				known.add(f, strings.Join([]string{text(user, "connection"), key, strings.ToLower(value)}, "\x00"),
					at("users", i, key), fmt.Sprintf("a user with the %s %q in the connection", key, value))
			}
		}
	}
}
