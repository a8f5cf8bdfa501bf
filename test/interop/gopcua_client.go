// What a client made with gopcua must see of the demo plant. Arguments: endpoint, its application URI, certificate (DER)
// and key (DER), then certificate and key of a user. It says "restart" when the gateway is to be killed and
// started again at its ports.
package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

var (
	failed                  int
	endpointURL, uri        string
	certificate, userCert   []byte
	key, userKey            *rsa.PrivateKey
	ctx                     = context.Background()
	policies                = []string{"Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"}
	level, pumped, starting = plant("pump/level"), plant("pump/pumped"), plant("pump/start-level")
)

func plant(identifier string) *ua.NodeID { return ua.NewStringNodeID(4, identifier) }

func say(claim string, holds bool, why any) {
	if holds {
		fmt.Println("ok  ", claim)
		return
	}
	failed++
	fmt.Println("FAIL", claim, ":", why)
}

// is says whether an error, or none, is one of those that are allowed.
func is(claim string, err error, allowed ...error) {
	holds := len(allowed) == 0 && err == nil
	for _, each := range allowed {
		holds = holds || errors.Is(err, each)
	}
	say(claim, holds, err)
}

func load(certificateFile, keyFile string) ([]byte, *rsa.PrivateKey) {
	bytes, err := os.ReadFile(certificateFile)
	text, err2 := os.ReadFile(keyFile)
	if err != nil || err2 != nil {
		panic(fmt.Sprint(err, err2))
	}
	if one, err := x509.ParsePKCS8PrivateKey(text); err == nil {
		return bytes, one.(*rsa.PrivateKey)
	}
	one, err := x509.ParsePKCS1PrivateKey(text)
	if err != nil {
		panic(err)
	}
	return bytes, one
}

func byPassword(password string) opcua.Option { return opcua.AuthUsername("demo", password) }

func connect(policy string, mode ua.MessageSecurityMode, kind ua.UserTokenType, who ...opcua.Option) (*opcua.Client, error) {
	endpoints, err := opcua.GetEndpoints(ctx, endpointURL)
	if err != nil {
		return nil, err
	}
	endpoint, err := opcua.SelectEndpoint(endpoints, policy, mode)
	if err != nil {
		return nil, err
	}
	options := append([]opcua.Option{
		opcua.ApplicationURI(uri), opcua.Certificate(certificate), opcua.PrivateKey(key),
		opcua.Lifetime(8 * time.Second), opcua.RequestTimeout(30 * time.Second), opcua.ReconnectInterval(time.Second),
	}, who...)
	one, err := opcua.NewClient(endpointURL, append(options, opcua.SecurityFromEndpoint(endpoint, kind))...)
	if err != nil {
		return nil, err
	}
	return one, one.Connect(ctx)
}

func security() {
	for _, policy := range policies {
		for _, mode := range []ua.MessageSecurityMode{ua.MessageSecurityModeSign, ua.MessageSecurityModeSignAndEncrypt} {
			one, err := connect(policy, mode, ua.UserTokenTypeUserName, byPassword("demo"))
			is(fmt.Sprint(policy, " ", mode, " by password"), err)
			if err == nil {
				is("and its end", one.Close(ctx))
			}
			one, err = connect(policy, mode, ua.UserTokenTypeCertificate, opcua.AuthCertificate(userCert), opcua.AuthPrivateKey(userKey))
			is(fmt.Sprint(policy, " ", mode, " by certificate"), err)
			if err == nil {
				is("and its end", one.Close(ctx))
			}
		}
	}
	_, err := connect(policies[0], ua.MessageSecurityModeSignAndEncrypt, ua.UserTokenTypeUserName, byPassword("wrong"))
	is("a wrong password", err, ua.StatusBadUserAccessDenied)
	_, err = connect(policies[0], ua.MessageSecurityModeSignAndEncrypt, ua.UserTokenTypeCertificate, opcua.AuthCertificate(certificate), opcua.AuthPrivateKey(key))
	is("the certificate of nobody", err, ua.StatusBadUserAccessDenied, ua.StatusBadIdentityTokenRejected)
}

// tree walks everything, and reads all attributes of each node.
func tree(one *opcua.Client) {
	seen := map[string]bool{}
	next := []*opcua.Node{one.Node(ua.NewNumericNodeID(0, id.RootFolder))}
	wrong := map[string]int{}
	for len(next) > 0 {
		node := next[0]
		next = next[1:]
		children, err := node.ReferencedNodes(ctx, id.HierarchicalReferences, ua.BrowseDirectionForward, ua.NodeClassAll, true)
		if err != nil {
			wrong[fmt.Sprint("browse ", node.ID, err)]++
		}
		for _, child := range children {
			if !seen[child.ID.String()] {
				seen[child.ID.String()] = true
				next = append(next, child)
			}
		}
	}
	var asked []*ua.ReadValueID
	for text := range seen {
		for attribute := ua.AttributeIDNodeID; attribute <= ua.AttributeIDAccessLevelEx; attribute++ {
			asked = append(asked, &ua.ReadValueID{NodeID: ua.MustParseNodeID(text), AttributeID: attribute})
		}
	}
	for len(asked) > 0 {
		count := 5000
		if count > len(asked) {
			count = len(asked)
		}
		_, err := one.Read(ctx, &ua.ReadRequest{NodesToRead: asked[:count], TimestampsToReturn: ua.TimestampsToReturnBoth})
		if err != nil {
			wrong[err.Error()]++
		}
		asked = asked[count:]
	}
	say(fmt.Sprint("the whole tree, ", len(seen), " nodes"), len(seen) > 3000 && len(wrong) == 0, wrong)
}

func read(one *opcua.Client, node *ua.NodeID) (any, error) {
	value, err := one.Node(node).Value(ctx)
	if err != nil {
		return nil, err
	}
	return value.Value(), nil
}

func write(one *opcua.Client, node *ua.NodeID, value *ua.DataValue) error {
	answer, err := one.Write(ctx, &ua.WriteRequest{NodesToWrite: []*ua.WriteValue{{NodeID: node, AttributeID: ua.AttributeIDValue, Value: value}}})
	if err != nil {
		return err
	}
	if answer.Results[0] != ua.StatusOK {
		return answer.Results[0]
	}
	return nil
}

func call(one *opcua.Client, values ...uint16) (*ua.CallMethodResult, error) {
	request := &ua.CallMethodRequest{ObjectID: plant("pump#Commands"), MethodID: plant("pump/commands/levels")}
	for _, value := range values {
		request.InputArguments = append(request.InputArguments, ua.MustVariant(value))
	}
	result, err := one.Call(ctx, request)
	if err == nil && result.StatusCode != ua.StatusOK {
		err = result.StatusCode
	}
	return result, err
}

func orders(one *opcua.Client) {
	is("a write", write(one, starting, &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(uint16(37))}))
	value, err := read(one, starting)
	say("what was written", err == nil && value == uint16(37), fmt.Sprint(value, err))
	timed := &ua.DataValue{EncodingMask: ua.DataValueValue | ua.DataValueSourceTimestamp, Value: ua.MustVariant(uint16(38)), SourceTimestamp: time.Now()}
	is("a write with a time", write(one, starting, timed), ua.StatusBadWriteNotSupported)
	is("another type", write(one, starting, &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant("38")}), ua.StatusBadTypeMismatch)
	is("a tag that is only read", write(one, level, &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(1.0)}), ua.StatusBadNotWritable)
	_, err = read(one, plant("nothing"))
	is("an unknown node", err, ua.StatusBadNodeIDUnknown)
	result, err := call(one, 30, 80)
	say("a command", err == nil && len(result.OutputArguments) == 2, err)
	_, err = call(one, 300, 80)
	is("out of range", err, ua.StatusBadInvalidArgument)
	_, err = call(one)
	is("no argument", err, ua.StatusBadArgumentsMissing)
}

func history(one *opcua.Client) {
	count, pages := 0, 0
	var point []byte
	for {
		details := &ua.ReadRawModifiedDetails{StartTime: time.Now().Add(-time.Hour), EndTime: time.Now(), NumValuesPerNode: 3}
		node := &ua.HistoryReadValueID{NodeID: level, DataEncoding: &ua.QualifiedName{}, ContinuationPoint: point}
		answer, err := one.HistoryReadRawModified(ctx, []*ua.HistoryReadValueID{node}, details)
		if err != nil || answer.Results[0].StatusCode != ua.StatusOK {
			say("raw history", false, err)
			return
		}
		count += len(answer.Results[0].HistoryData.Value.(*ua.HistoryData).DataValues)
		pages++
		if point = answer.Results[0].ContinuationPoint; len(point) == 0 {
			break
		}
	}
	say(fmt.Sprint("raw history, ", count, " values on ", pages, " pages"), pages > 1, count)
	details := &ua.ReadProcessedDetails{
		StartTime: time.Now().Add(-3 * time.Minute), EndTime: time.Now(), ProcessingInterval: 60_000,
		AggregateType:          []*ua.NodeID{ua.NewNumericNodeID(0, id.AggregateFunction_Average)},
		AggregateConfiguration: &ua.AggregateConfiguration{UseServerCapabilitiesDefaults: true},
	}
	answer, err := one.HistoryReadProcessed(ctx, []*ua.HistoryReadValueID{{NodeID: level, DataEncoding: &ua.QualifiedName{}}}, details)
	say("averages", err == nil && answer.Results[0].StatusCode == ua.StatusOK && len(answer.Results[0].HistoryData.Value.(*ua.HistoryData).DataValues) >= 3, err)
}

func within(limit time.Duration, holds func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end) && !holds(); {
		time.Sleep(100 * time.Millisecond)
	}
	return holds()
}

// staying keeps 2,000 items over renewals of the channel, and over another server, which gopcua makes them on anew.
func staying(one *opcua.Client, restart bool) {
	var changes, lost atomic.Int64
	heard := make(chan *opcua.PublishNotificationData, 100)
	subscription, err := one.Subscribe(ctx, &opcua.SubscriptionParameters{Interval: 250 * time.Millisecond}, heard)
	is("a subscription", err)
	if err != nil {
		return
	}
	go func() {
		for each := range heard {
			if each.Error != nil {
				lost.Add(1)
			}
			if values, ok := each.Value.(*ua.DataChangeNotification); ok {
				changes.Add(int64(len(values.MonitoredItems)))
			}
		}
	}()
	for part := 0; part < 2; part++ {
		var items []*ua.MonitoredItemCreateRequest
		for i := 0; i < 1000; i++ {
			node := []*ua.NodeID{level, pumped}[i%2]
			items = append(items, opcua.NewMonitoredItemCreateRequestWithDefaults(node, ua.AttributeIDValue, uint32(part*1000+i)))
		}
		answer, err := subscription.Monitor(ctx, ua.TimestampsToReturnBoth, items...)
		say("1,000 items", err == nil && answer.Results[999].StatusCode == ua.StatusOK, err)
	}
	more := func() bool { return changes.Load() > 3000 }
	say("all are heard", within(30*time.Second, more), changes.Load())
	time.Sleep(15 * time.Second) // two renewals of a channel of 8 s, each after three quarters of it
	changes.Store(0)
	say("and over renewals of the channel", within(30*time.Second, more) && lost.Load() == 0, lost.Load())
	is("another interval", func() error {
		_, err := subscription.ModifySubscription(ctx, opcua.SubscriptionParameters{Interval: 500 * time.Millisecond})
		return err
	}())
	if restart {
		fmt.Println("restart")
		say("the connection is lost", within(60*time.Second, func() bool { return one.State() != opcua.Connected }), one.State())
		say("and there again", within(120*time.Second, func() bool { return one.State() == opcua.Connected }), one.State())
		changes.Store(0)
		say("and with all items", within(60*time.Second, more), changes.Load())
	}
	is("the end of it", subscription.Cancel(ctx))
}

func main() {
	endpointURL, uri = os.Args[1], os.Args[2]
	certificate, key = load(os.Args[3], os.Args[4])
	userCert, userKey = load(os.Args[5], os.Args[6])
	security()
	one, err := connect(policies[2], ua.MessageSecurityModeSignAndEncrypt, ua.UserTokenTypeUserName, byPassword("demo"))
	is("a client", err)
	if err == nil {
		tree(one)
		orders(one)
		history(one)
		staying(one, len(os.Args) > 7)
		is("the end", one.Close(ctx))
	}
	if failed > 0 {
		os.Exit(1)
	}
}
