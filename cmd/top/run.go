package top

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Config says what to show where.
type Config struct {
	Agent    Agent
	Interval time.Duration // between two looks at the agent's figures
	Colour   bool
	Input    io.Reader // keys; nil: standard input, or if that is no terminal, the one of the process
	Output   io.Writer // the terminal
}

// Run shows an agent on a terminal until somebody quits, a signal says so, or ctx ends.
func Run(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	feed := NewFeed(cfg.Agent, cfg.Interval)
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithOutput(cfg.Output), tea.WithWindowSize(80, 24)} // where a terminal does not say
	if cfg.Input != nil {
		options = append(options, tea.WithInput(cfg.Input))
	}
	program := tea.NewProgram(screen{New(cfg.Colour), feed}, options...)
	var feeding sync.WaitGroup
	feeding.Go(func() { feed.Run(ctx, func(message any) { program.Send(message) }) })
	_, err := program.Run()
	ended := ctx.Err() != nil
	cancel()
	feeding.Wait()
	if ended || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}

// screen is a model as bubbletea wants it.
type screen struct {
	model *Model
	feed  *Feed
}

// Init implements tea.Model.
func (s screen) Init() tea.Cmd { return nil }

// Update implements tea.Model.
func (s screen) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := message.(type) {
	case tea.WindowSizeMsg:
		message = Size{msg.Width, msg.Height}
	case tea.KeyPressMsg:
		message = Key{msg.String(), msg.Text}
	case tea.PasteMsg:
		message = Key{"paste", msg.Content}
	}
	switch s.model.Update(message) {
	case Quit:
		return s, tea.Quit
	case Suspend:
		return s, tea.Suspend
	case Reload:
		s.feed.Reload()
	}
	return s, nil
}

// View implements tea.Model.
func (s screen) View() tea.View {
	view := tea.NewView(s.model.View())
	view.AltScreen = true
	return view
}
