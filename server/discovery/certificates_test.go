package discovery_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// current returns the certificate of the first published key, which is the signing key.
func current(t *testing.T, s *servertest.Server) []byte {
	t.Helper()
	_, body := fetch(t, s, http.MethodGet, s.URL+".well-known/jwks.json")
	var set struct {
		Keys []struct{ X5c []string }
	}
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatal(err)
	}
	der, err := base64.StdEncoding.DecodeString(set.Keys[0].X5c[0])
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestTheCertificateInEveryForm(t *testing.T) {
	s := servertest.Start(t, servertest.HTTP())
	check := func() {
		t.Helper()
		der := current(t, s)
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		sum := sha1.Sum(der)
		fingerprint := strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
		for _, tt := range []struct {
			path, contentType, file string
			want                    []byte
		}{
			{"pem", "application/x-pem-file", "localhost.pem", text},
			{"cer", "application/pkix-cert", "localhost.cer", der},
			{"rawpem", "text/plain; charset=utf-8", "", text},
			{"fingerprint", "text/plain; charset=utf-8", "", []byte(fingerprint)},
		} {
			resp, body := fetch(t, s, http.MethodGet, s.URL+tt.path)
			file := strings.TrimPrefix(resp.Header.Get("Content-Disposition"), "attachment; filename=")
			if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != tt.contentType || file != tt.file || !bytes.Equal(body, tt.want) {
				t.Errorf("/%s: %d %v\n%q", tt.path, resp.StatusCode, resp.Header, body)
			}
		}
	}
	check()
	if resp, body := fetch(t, s, http.MethodPost, s.ControlURL()+"/keys/rotate"); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	check()
}

// TestTheCertificateInAMessage reads the PKCS #7 file with openssl.
func TestTheCertificateInAMessage(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl to read PKCS #7 with")
	}
	s := servertest.Start(t, servertest.HTTP())
	resp, body := fetch(t, s, http.MethodGet, s.URL+"pb7")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Disposition") != "attachment; filename=localhost.p7b" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	file := filepath.Join(t.TempDir(), "p7b")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), openssl, "pkcs7", "-inform", "DER", "-in", file, "-print_certs").CombinedOutput()
	block, _ := pem.Decode(out[max(0, bytes.Index(out, []byte("-----BEGIN"))):])
	if err != nil || block == nil || !bytes.Equal(block.Bytes, current(t, s)) {
		t.Errorf("openssl reads %s %v", out, err)
	}
}
