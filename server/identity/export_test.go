package identity

// Busy takes all slots of hashes that may be made at once, until done is called.
func (p *Passwords) Busy() (done func()) {
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	return func() {
		for range cap(p.slots) {
			<-p.slots
		}
	}
}
