package memory_test

import (
	"testing"

	"github.com/tenant0/tenant0/storage/enginetest"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
)

func TestEngine(t *testing.T) {
	enginetest.Run(t, func(testing.TB) keyspace.Engine { return memory.New() })
}
