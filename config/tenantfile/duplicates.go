package tenantfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// unique finds values that are given twice. The zero value is ready.
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

// duplicates records the objects of a configuration that are in it twice: of two objects with one name only the last
// would be left, and nobody can say which of them is meant. Applications of a tenant file may have one name if each has an
// id, by which all else refers to them.
func (f *file) duplicates(sections Document, namesakes bool) {
	clients := documents(sections["clients"])
	called := clientReferences(clients)
	applications := map[string]string{} // what they are referred to by, by id
	for i, client := range clients {
		if id := text(client, "client_id"); id != "" {
			applications[id] = called[i]
		}
	}
	connections := unique{}                                                  // of either section
	for _, where := range slices.Backward(slices.Sorted(maps.Keys(parts))) { // databases come first in a file
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

// listedTwice records the objects of a list that are one by the members that tell its objects apart.
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

// namesTwice records applications that entries cannot tell apart.
func (f *file) namesTwice(clients []Document, called []string) {
	once := unique{}
	for i := range clients {
		once.add(f, called[i], at("clients", i, "name"), strconv.Quote(called[i]))
	}
}

// idsTwice records the objects of a section that have one id.
func (f *file) idsTwice(list any, section string) {
	once, member := unique{}, "id"
	if section == "clients" {
		member = "client_id"
	}
	for i, item := range documents(list) {
		once.add(f, text(item, member), at(section, i, member), fmt.Sprintf("the %s %q", member, text(item, member)))
	}
}

// identifiers are the members that a user may be known by within a connection.
var identifiers = []string{"email", "username", "phone_number"}

// duplicateUsers records users that are there twice.
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
