package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"muster/cmd/agent"
)

// Every setting that flags can override has its flag, which sets it and no other.
func TestEveryOverrideHasItsFlag(t *testing.T) {
	fields := reflect.TypeFor[agent.Overrides]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		var want agent.Overrides
		text := sampleFlag(t, reflect.ValueOf(&want).Elem().Field(i))
		var got agent.Overrides
		app := &cli.App{HideHelp: true, Flags: agentOnlyFlags(&pathList{}), Action: func(c *cli.Context) (err error) {
			got, err = overrides(c)
			return err
		}}
		flag := field.Tag.Get("flag")
		if err := app.Run([]string{"agent", "-" + flag + "=" + text}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("-%s=%s: %+v, want %+v, error %v", flag, text, got, want, err)
		}
	}
}

// sampleFlag sets a field of Overrides and returns how a command line says the same.
func sampleFlag(t *testing.T, field reflect.Value) string {
	t.Helper()
	switch to := field.Addr().Interface().(type) {
	case **bool:
		*to = new(bool)
		return "false"
	case **int:
		*to = new(int)
		**to = 7
		return "7"
	case **string:
		*to = new(string)
		**to = "text"
		return "text"
	case **time.Duration:
		*to = new(time.Duration)
		**to = 90 * time.Second
		return "1m30s"
	case *[]string:
		*to = []string{"text"}
		return "text"
	case *map[string]string:
		*to = map[string]string{"k": "v"}
		return "k:v"
	}
	t.Fatalf("no sample for %v", field.Type())
	return ""
}
