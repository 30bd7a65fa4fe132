package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ClientSession is a session to make, on the agent's node.
type ClientSession struct {
	Name      string
	TTL       time.Duration // 10s to 24h
	Delete    bool          // its keys are deleted when it ends, rather than released
	LockDelay time.Duration // how long its keys cannot be acquired when it ended without releasing them
}

// CreateSession makes a session and returns its id.
func (c *Client) CreateSession(ctx context.Context, s ClientSession) (string, error) {
	behavior := "release"
	if s.Delete {
		behavior = "delete"
	}
	body, err := json.Marshal(map[string]string{"Name": s.Name, "TTL": s.TTL.String(), "Behavior": behavior, "LockDelay": s.LockDelay.String()})
	if err != nil {
		return "", fmt.Errorf("encode session: %w", err)
	}
	var out struct{ ID string }
	err = c.decode(ctx, clientCall{method: http.MethodPut, path: "/v1/session/create", body: body}, &out)
	return out.ID, err
}

// RenewSession has a session live for its TTL from now on; [ClientNotFound] tells of the error when it has ended.
func (c *Client) RenewSession(ctx context.Context, id string) error {
	_, err := c.put(ctx, "/v1/session/renew/", id, nil, nil)
	return err
}

// DestroySession ends a session, which need not be there.
func (c *Client) DestroySession(ctx context.Context, id string) error {
	_, err := c.put(ctx, "/v1/session/destroy/", id, nil, nil)
	return err
}

// AcquireKey writes a key and locks it for a session. It returns false when another one holds it,
// or held it a moment ago.
func (c *Client) AcquireKey(ctx context.Context, key string, value []byte, flags uint64, session string) (bool, error) {
	return c.lockKey(ctx, "acquire", key, value, flags, session)
}

// ReleaseKey writes a key and unlocks it. It returns false when the session does not hold it.
func (c *Client) ReleaseKey(ctx context.Context, key string, value []byte, flags uint64, session string) (bool, error) {
	return c.lockKey(ctx, "release", key, value, flags, session)
}

func (c *Client) lockKey(ctx context.Context, how, key string, value []byte, flags uint64, session string) (bool, error) {
	query := ClientQuery{}.values()
	query.Set(how, session)
	query.Set("flags", strconv.FormatUint(flags, 10))
	var done bool
	err := c.decode(ctx, clientCall{method: http.MethodPut, path: clientKV, key: key, query: query, body: value}, &done)
	return done, err
}
