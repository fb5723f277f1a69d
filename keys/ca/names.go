package ca

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// names are the names that a server certificate is for.
type names struct {
	dns []string
	ips []net.IP
}

// machineNames returns the names under which programs reach a server on their
// own machine: directly, from a Docker container, and from the Android emulator,
// where the machine is 10.0.2.2.
func machineNames() names {
	return names{
		dns: []string{"localhost", "host.docker.internal"},
		ips: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 0, 2, 2)},
	}
}

// parseNames adds hosts to the machine's names.
func parseNames(hosts []string) (names, error) {
	n := machineNames()
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			if !slices.ContainsFunc(n.ips, ip.Equal) {
				n.ips = append(n.ips, ip)
			}
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(host, "."))
		// An empty name in a constraint would permit every name there is.
		if !isDNSName(name) {
			return names{}, fmt.Errorf("host %q: not a DNS name or an IP address; give it without scheme, port and"+
				" wildcard, and an international name in its xn-- form", host)
		}
		if !slices.Contains(n.dns, name) {
			n.dns = append(n.dns, name)
		}
	}
	return n, nil
}

// isDNSName reports whether name, in lower case, is a host name (RFC 1123,
// section 2.1), also one with underscores, as container names have them.
func isDNSName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(name) <= 253
}

// permits is what a root can vouch for: DNS names, each including its
// subdomains, and ranges of IP addresses (RFC 5280, section 4.2.1.10).
type permits struct {
	dns []string
	ips []*net.IPNet
}

// machinePermits returns what every root can vouch for in addition to the names
// it is made for: the whole loopback network (RFC 1122, section 3.2.1.3).
func machinePermits() permits {
	return permits{ips: []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}}
}

// with returns p extended to cover n.
func (p permits) with(n names) permits {
	wide := permits{dns: slices.Clone(p.dns), ips: slices.Clone(p.ips)}
	for _, name := range n.dns {
		if !wide.coversName(name) {
			wide.dns = append(wide.dns, name)
		}
	}
	for _, ip := range n.ips {
		if wide.coversIP(ip) {
			continue
		}
		if v4 := ip.To4(); v4 != nil {
			ip = v4
		}
		wide.ips = append(wide.ips, &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))})
	}
	return wide
}

// missing lists the names in n that are not covered.
func (p permits) missing(n names) string {
	var missing []string
	for _, name := range n.dns {
		if !p.coversName(name) {
			missing = append(missing, name)
		}
	}
	for _, ip := range n.ips {
		if !p.coversIP(ip) {
			missing = append(missing, ip.String())
		}
	}
	return strings.Join(missing, ", ")
}

func (p permits) coversName(name string) bool {
	return slices.ContainsFunc(p.dns, func(permitted string) bool {
		return name == permitted || strings.HasSuffix(name, "."+permitted)
	})
}

func (p permits) coversIP(ip net.IP) bool {
	return slices.ContainsFunc(p.ips, func(permitted *net.IPNet) bool { return permitted.Contains(ip) })
}
