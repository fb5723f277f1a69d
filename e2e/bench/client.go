package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
)

// conn is one keep-alive connection to the server. It shares the cores with the
// server, so it does as little as HTTP/1.1 allows: one write and about one read
// for each request, no parsing of headers that are not needed, no allocations.
// net/http's client would take as much time as the server and halve the measured
// rates.
type conn struct {
	net.Conn
	in  *bufio.Reader
	out []byte
	rx  []byte
}

func dial(addr string) (*conn, error) {
	c, err := net.Dial("tcp", addr) //nolint:noctx // on loopback, which does not wait
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, in: bufio.NewReaderSize(c, 16<<10)}, nil
}

// response holds what the bench needs of a response. Its slices are valid until
// the next request.
type response struct {
	status   int
	location []byte
	cookies  []string // name=value, without attributes
	body     []byte
}

func (c *conn) get(target, cookies string) (response, error) {
	c.head("GET ", target, cookies)
	c.out = append(c.out, "\r\n"...)
	return c.send()
}

// post posts a form.
func (c *conn) post(target, cookies string, form []byte) (response, error) {
	c.head("POST ", target, cookies)
	c.out = append(c.out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(form)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, form...)
	return c.send()
}

func (c *conn) head(method, target, cookies string) {
	c.out = append(c.out[:0], method...)
	c.out = append(c.out, target...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: localhost\r\n"...)
	if cookies != "" {
		c.out = append(c.out, "Cookie: "...)
		c.out = append(c.out, cookies...)
		c.out = append(c.out, "\r\n"...)
	}
}

func (c *conn) send() (r response, err error) {
	if _, err := c.Write(c.out); err != nil {
		return r, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return r, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return r, fmt.Errorf("status line %q", line)
	}
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return r, err
	}
	length, err := c.headers(&r)
	if err != nil {
		return r, err
	}
	if length < 0 {
		return r, c.chunks(&r)
	}
	if cap(c.rx) < length {
		c.rx = make([]byte, length)
	}
	r.body = c.rx[:length]
	_, err = io.ReadFull(c.in, r.body)
	return r, err
}

// headers reads the headers and returns the length of the body, -1 for a chunked
// body.
func (c *conn) headers(r *response) (length int, err error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		name, value, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		if !ok {
			return length, nil // the empty line
		}
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case "Transfer-Encoding":
			length = -1
		case "Location":
			r.location = bytes.Clone(value)
		case "Set-Cookie":
			pair, _, _ := bytes.Cut(value, []byte(";"))
			r.cookies = append(r.cookies, string(pair))
		}
	}
}

// chunks reads a chunked body, RFC 9112 section 7.1.
func (c *conn) chunks(r *response) error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		have := len(r.body)
		r.body = append(r.body, make([]byte, size)...)
		if _, err := io.ReadFull(c.in, r.body[have:]); err != nil {
			return err
		}
		if _, err := c.in.Discard(len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}
