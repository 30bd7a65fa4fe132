// Package observe has an agent look at what no agent owns, or at what several are to look
// at: which checks are its to probe, and how its verdicts get into the catalog.
package observe
