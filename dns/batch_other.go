//go:build !linux

package dns

// batches returns false: packets are read one by one.
func (w *udpWorker) batches() bool { return false }
