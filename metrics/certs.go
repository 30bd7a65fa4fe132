package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Certs tells when the certificates of this agent's doors expire.
type Certs struct {
	server, https prometheus.Gauge
}

func newCerts(reg prometheus.Registerer) *Certs {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_certificate_expiry_timestamp_seconds",
		Help: "Unix time at which the certificate in use expires, by door; NaN where there is none.",
	}, []string{"door"})
	reg.MustRegister(vec)
	c := &Certs{server: vec.WithLabelValues("server"), https: vec.WithLabelValues("https")}
	c.Set(time.Time{}, time.Time{})
	return c
}

// Set records when the certificates of the server port and of HTTPS expire; the
// zero time means that a door has none.
func (c *Certs) Set(server, https time.Time) {
	c.server.Set(unixOrNone(server))
	c.https.Set(unixOrNone(https))
}

// unixOrNone is NaN for the zero time: no alert compares true with that, whereas a
// 0 would look as if the certificate had expired long ago.
func unixOrNone(t time.Time) float64 {
	if t.IsZero() {
		return math.NaN()
	}
	return float64(t.Unix())
}
