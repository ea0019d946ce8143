// An actuator for Auspex in Go: a fleet in memory, in place of a cloud. It honours the three promises of an actuator: one key
// has one effect, an older epoch is refused, and a shadow changes nothing.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	pb "go-actuator/auspexpb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// What config and code call options: `with: { initial: 2 }`.
type options struct {
	Initial float64 `json:"initial"`
}

type fleet struct {
	mutex sync.Mutex
	begin float64
	units map[string]float64
	seen  map[string]bool
	epoch int64
}

type server struct {
	pb.UnimplementedPluginServer
	pb.UnimplementedActuatorServer
	mutex  sync.Mutex
	fleets map[string]*fleet
}

func (s *server) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	return &pb.DescribeResponse{
		Kind: "actuator", Id: "go-fleet", Contract: 1, Summary: "A fleet in memory, in Go.",
		CapabilitiesJson: `{"lease":"none"}`,
	}, nil
}

func (s *server) Create(_ context.Context, request *pb.CreateRequest) (*pb.CreateResponse, error) {
	given := options{Initial: 1}
	decoder := json.NewDecoder(strings.NewReader(request.OptionsJson))
	// A misspelt option must not be a silent default.
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "with: %v", err)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	handle := strconv.Itoa(len(s.fleets) + 1)
	s.fleets[handle] = &fleet{begin: given.Initial, units: map[string]float64{}, seen: map[string]bool{}}
	return &pb.CreateResponse{Instance: handle}, nil
}

func (s *server) Close(_ context.Context, request *pb.CloseRequest) (*pb.CloseResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	// The handle stays taken, so that no later instance gets it.
	s.fleets[request.Instance] = nil
	return &pb.CloseResponse{}, nil
}

func (s *server) find(instance string) (*fleet, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if found := s.fleets[instance]; found != nil {
		return found, nil
	}
	return nil, status.Errorf(codes.NotFound, "there is no instance %q", instance)
}

func (f *fleet) of(pool string) float64 {
	if units, ordered := f.units[pool]; ordered {
		return units
	}
	return f.begin
}

func (s *server) Actuate(_ context.Context, request *pb.ActuateRequest) (*pb.Receipt, error) {
	f, err := s.find(request.Instance)
	if err != nil {
		return nil, err
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	order := request.Order
	receipt := func(outcome, detail string) (*pb.Receipt, error) {
		units := f.of(order.Pool)
		return &pb.Receipt{Key: order.Key, Pool: order.Pool, Status: outcome, Units: units, Ready: units, Detail: detail}, nil
	}
	// First of all: a shadow leaves no trace, neither its key nor its epoch.
	if order.Shadow {
		return receipt("shadow", "")
	}
	if order.Epoch < f.epoch {
		return receipt("refused", fmt.Sprintf("epoch %d is older than %d: another instance leads", order.Epoch, f.epoch))
	}
	f.epoch = order.Epoch
	if order.Units < order.Min || order.Units > order.Max {
		return receipt("refused", fmt.Sprintf("%d units are outside %d..%d", order.Units, order.Min, order.Max))
	}
	if f.seen[order.Key] {
		return receipt("duplicate", "")
	}
	// An example: one that runs for months forgets old keys.
	f.seen[order.Key] = true
	f.units[order.Pool] = float64(order.Units)
	return receipt("applied", "")
}

func (s *server) Read(_ context.Context, request *pb.ReadRequest) (*pb.TargetState, error) {
	f, err := s.find(request.Instance)
	if err != nil {
		return nil, err
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	units := f.of(request.Pool)
	return &pb.TargetState{Units: units, Ready: units}, nil
}

// Only the engine that started this process knows the secret; others on this machine may reach the port.
func authorise(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	token := os.Getenv("AUSPEX_PLUGIN_TOKEN")
	given := metadata.ValueFromIncomingContext(ctx, "auspex-token")
	if token != "" && (len(given) != 1 || given[0] != token) {
		return nil, status.Error(codes.Unauthenticated, "the call does not carry the secret")
	}
	return next(ctx, request)
}

func main() {
	if protocol := os.Getenv("AUSPEX_PLUGIN_PROTOCOL"); protocol != "1" {
		fmt.Fprintln(os.Stderr, "this is a plugin: Auspex starts it, and speaks version 1 of the plugin protocol")
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	plugin := &server{fleets: map[string]*fleet{}}
	grpcServer := grpc.NewServer(grpc.MaxRecvMsgSize(64<<20), grpc.UnaryInterceptor(authorise))
	pb.RegisterPluginServer(grpcServer, plugin)
	pb.RegisterActuatorServer(grpcServer, plugin)
	go func() {
		// The engine never writes here: the end of stdin is the end of the engine, even if it was killed.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	go func() {
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM)
		<-ended
		grpcServer.GracefulStop()
	}()
	fmt.Printf("auspex-plugin 1 %s\n", listener.Addr())
	if err := grpcServer.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
