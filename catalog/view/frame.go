package view

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// magic begins a stream. Its last byte is the version of all that follows.
const magic = "muster-view\x00\x01"

// kind is what a frame holds. Values are for ever.
type kind byte

const (
	kindStatus        kind = 1
	kindSnapshotBegin kind = 2
	kindSnapshotChunk kind = 3
	kindSnapshotEnd   kind = 4
	kindSteps         kind = 5
	kindPart          kind = 6 // the beginning of a message that is too long for a frame
)

const (
	headBytes       = 1 + 4 + 4 // kind, length, sum of kind, length and payload
	maxFrameBytes   = 1 << 20   // of a payload
	maxMessageBytes = 16 << 20  // in frames; the log takes no command longer than 4 MiB
)

// errInvalid marks what no honest Serve sends. The stream cannot be gone on with.
var errInvalid = errors.New("invalid feed")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendHead appends what stands before the payload of a frame.
func appendHead(b []byte, k kind, payload []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint32(append(b, byte(k)), uint32(len(payload)))
	sum := crc32.Update(crc32.Checksum(b[at:], castagnoli), castagnoli, payload)
	return binary.BigEndian.AppendUint32(b, sum)
}

// frames reads messages off a stream.
type frames struct {
	r   *bufio.Reader
	buf []byte
}

func newFrames(r io.Reader) *frames { return &frames{r: bufio.NewReaderSize(r, 64<<10)} }

// begin reads the magic.
func (f *frames) begin() error {
	var got [len(magic)]byte
	if _, err := io.ReadFull(f.r, got[:]); err != nil {
		return err
	}
	if string(got[:]) != magic {
		return fmt.Errorf("%w: it begins with %q, want %q", errInvalid, got[:], magic)
	}
	return nil
}

// next reads a message. Its payload is good until the next call.
func (f *frames) next() (kind, []byte, error) {
	if f.buf = f.buf[:0]; cap(f.buf) > maxFrameBytes {
		f.buf = nil
	}
	for {
		k, err := f.frame()
		if err != nil {
			return 0, nil, err
		}
		if k != kindPart {
			return k, f.buf, nil
		}
	}
}

// frame appends a frame's payload to buf.
func (f *frames) frame() (kind, error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint32(head[1:]))
	if size > maxFrameBytes || len(f.buf)+size > maxMessageBytes {
		return 0, fmt.Errorf("%w: a frame of %d bytes", errInvalid, size)
	}
	at := len(f.buf)
	if need := at + size; need > cap(f.buf) {
		f.buf = append(make([]byte, 0, need), f.buf...)
	}
	f.buf = f.buf[:at+size]
	if _, err := io.ReadFull(f.r, f.buf[at:]); err != nil {
		return 0, noEOF(err)
	}
	sum := crc32.Update(crc32.Checksum(head[:5], castagnoli), castagnoli, f.buf[at:])
	if sum != binary.BigEndian.Uint32(head[5:]) {
		return 0, fmt.Errorf("%w: checksum of a frame does not match", errInvalid)
	}
	return kind(head[0]), nil
}

// noEOF is err, where an end of input is a truncation.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
