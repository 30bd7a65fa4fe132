package bundle

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"Get \"http://u:hunter2@h:80/x?a=hunter2&b=hunter2#f\": refused": "Get \"http://(hidden)@h:80/x?a=(hidden)&b=(hidden)#f\": refused",
		"http://h/path?x=1 next":                                                      "http://h/path?x=(hidden) next",
		"http://h/a@b is no user":                                                     "http://h/a@b is no user",
		"Authorization: Bearer hunter2 and more\nok":                                  "Authorization: (hidden)\nok",
		"set-cookie=hunter2; path=/":                                                  "set-cookie=(hidden)",
		"sent bearer hunter2hunter2 to it":                                            "sent bearer (hidden) to it",
		`DB_PASSWORD=hunter2 X-Vault-Token: hunter2`:                                  `DB_PASSWORD=(hidden) X-Vault-Token: (hidden)`,
		`{"apiKey": "hunter2", "n": 1}`:                                               `{"apiKey": "(hidden)", "n": 1}`,
		`msg="x" output="{\"token\":\"hunter2\"}"`:                                    `msg="x" output="{\"token\":\"(hidden)\"}"`,
		"a\n-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----\nb": "a\n(hidden)\nb",
		"AWS_SECRET_ACCESS_KEY=hunter2 passphrase: hunter2":                           "AWS_SECRET_ACCESS_KEY=(hidden) passphrase: (hidden)",
		`password="correct horse" next`:                                               `password="(hidden)" next`,
		"password=hun,ter&2 next":                                                     "password=(hidden) next",
		"postgres://app:p@hunter2@db/x":                                               "postgres://(hidden)@db/x",
		"http://u:it's@h/":                                                            "http://(hidden)@h/",
		`command="[\"psql\" \"--password\" \"hunter2\"]"`:                             `command="[\"psql\" \"--password\" \"(hidden)\"]"`,
		"mysql --password hunter2 -h db":                                              "mysql --password (hidden) -h db",
		"INF member failed node=web-1 took=3ms":                                       "INF member failed node=web-1 took=3ms",
	} {
		if got := text(in); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", in, got, want)
		}
	}
}

func TestCleanJSON(t *testing.T) {
	got, err := cleanJSON([]byte(`{"Header":{"X-A":["hunter2"]},"token":"hunter2","Encrypt":"","n":12345678901234567890,
		"list":[{"Output":"http://u:hunter2@h/","Api_Key":"hunter2"}],"none":null,"Token":null,
		"NodeMeta":{"db_password":"hunter2","vault_token":"hunter2","client.secret":"hunter2","rack":"r1"},"token_set":true}`))
	if err != nil {
		t.Fatal(err)
	}
	compact := strings.Join(strings.Fields(string(got)), "")
	want := `{"Encrypt":"","Header":"(hidden)","NodeMeta":{"client.secret":"(hidden)","db_password":"(hidden)","rack":"r1","vault_token":"(hidden)"},"Token":null,"list":[{"Api_Key":"(hidden)","Output":"http://(hidden)@h/"}],"n":12345678901234567890,"none":null,"token":"(hidden)","token_set":true}`
	if compact != want {
		t.Errorf("%s\nwant %s", compact, want)
	}
	if _, err := cleanJSON([]byte("token hunter2")); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("no JSON: %v", err)
	}
}
