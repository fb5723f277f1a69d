package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

const manifests = "../examples/kubernetes/tenant0.yaml"

// TestKubernetesTakesTheManifests reads the manifests strictly with Kubernetes' own library, and checks
// that it refuses mistakes in them.
func TestKubernetesTakesTheManifests(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "kubernetes")
	cmd := exec.CommandContext(servertest.UntilDeadline(t), "go", "build", "-o", program, ".")
	cmd.Dir = "kubernetes"
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("e2e/kubernetes does not build: %v\n%s\nWithout network, its modules have to be in Go's module cache: "+
			"run \"go mod download\" in e2e/kubernetes once while there is one.", err, out)
	}
	read := func(path string) (string, error) {
		out, err := exec.CommandContext(t.Context(), program, path).CombinedOutput()
		return string(out), err
	}
	out, err := read(manifests)
	if want := "v1 Secret\napps/v1 Deployment\npolicy/v1 PodDisruptionBudget\nv1 Service\nnetworking.k8s.io/v1 Ingress\n"; err != nil || out != want {
		t.Errorf("the manifests: %v\n%s", err, out)
	}
	text, err := os.ReadFile(manifests)
	if err != nil {
		t.Fatal(err)
	}
	for right, wrong := range map[string]string{
		"replicas: 2": "replicas: two", "minAvailable": "minAvail", "kind: Ingress": "kind: Entrance", "pathType: Prefix": "path: /twice",
	} {
		changed := filepath.Join(t.TempDir(), "changed.yaml")
		if err := os.WriteFile(changed, []byte(strings.Replace(string(text), right, wrong, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := read(changed); err == nil {
			t.Errorf("%q instead of %q is taken:\n%s", wrong, right, out)
		}
	}
}

// TestDeployedVariablesAreKnown: manifests, compose file and Dockerfile set only variables that the server reads.
func TestDeployedVariablesAreKnown(t *testing.T) {
	t.Parallel()
	help, err := exec.CommandContext(servertest.UntilDeadline(t), "go", "run", "../cmd/tenant0", "start", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\bTENANT0_[A-Z_]+\b`)
	known := names.FindAllString(string(help), -1)
	if len(known) < 5 {
		t.Fatalf("start --help names the variables %v", known)
	}
	for _, file := range []string{manifests, "../docker-compose.yml", "../Dockerfile"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set := names.FindAllString(string(text), -1)
		if len(set) == 0 {
			t.Errorf("%s sets nothing", file)
		}
		for _, name := range set {
			if !slices.Contains(known, name) {
				t.Errorf("%s sets %s, which start does not read", file, name)
			}
		}
	}
}
