package tenantfile_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config/tenantfile"
)

var fencedBlock = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

func TestEveryExampleOfThePageIsATenantFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/tenant-file.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, block := range fencedBlock.FindAllSubmatch(page, -1) {
		if string(block[1]) != "yaml" {
			continue
		}
		examples++
		tenant, err := tenantfile.Parse("example.yaml", block[2])
		if err != nil {
			t.Errorf("%v\n%s", err, block[2])
		} else if tenant.Warnings != nil {
			t.Errorf("%q\n%s", tenant.Warnings, block[2])
		}
	}
	if examples < 4 {
		t.Errorf("the page has only %d examples", examples)
	}
}

func TestTheErrorsOfThePageAreWhatIsSaid(t *testing.T) {
	page, err := os.ReadFile("../../docs/tenant-file.md")
	if err != nil {
		t.Fatal(err)
	}
	const file = `clients:
  - name: Night Job
    callbaks: []
resourceServers:
  - name: Orders
    identifier: https://api.example.com/orders

clientGrants:
  - client_id: Nigth Job
    audience: https://api.example.com/orders
    scope: []
`
	_, err = tenantfile.Parse("tenant.yaml", []byte(file))
	if _, refused := errors.AsType[*tenantfile.Error](err); !refused {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\n"+err.Error()+"\n") {
		t.Errorf("the page does not say:\n%v", err)
	}
}
