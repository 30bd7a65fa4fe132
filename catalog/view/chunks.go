package view

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// progressEvery is how often a long snapshot is told of.
const progressEvery = 5 * time.Second

// chunkReader reads the snapshot that stands in a stream, up to its end.
type chunkReader struct {
	in    *frames
	log   *slog.Logger
	told  time.Time // when progress was last told
	total int64     // bytes read
	rest  []byte
	ended bool
}

func (c *chunkReader) Read(b []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.ended {
			return 0, io.EOF
		}
		k, payload, err := c.in.next()
		switch {
		case err != nil:
			return 0, noEOF(err)
		case k == kindSnapshotEnd:
			c.ended = true
		case k == kindSnapshotChunk:
			c.rest, c.total = payload, c.total+int64(len(payload))
			if time.Since(c.told) >= progressEvery {
				c.told = time.Now()
				c.log.Info("receiving the catalog", "bytes", c.total)
			}
		default:
			return 0, fmt.Errorf("%w: a message of kind %d within a snapshot", errInvalid, k)
		}
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
