package identity

// Busy occupies all slots for concurrent hashing until done is called.
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
