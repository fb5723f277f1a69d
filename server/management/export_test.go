package management

// Served lists what the room serves as "METHOD /path", for tests.
func Served() []string {
	var all []string
	a := &api{}
	for _, op := range a.special() {
		all = append(all, op.method+" "+base+op.path)
	}
	for _, s := range resources() {
		for _, op := range s.operations() {
			all = append(all, op.method+" "+base+op.path)
		}
	}
	return all
}
