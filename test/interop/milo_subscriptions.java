import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;
import java.util.stream.*;
import org.eclipse.milo.opcua.sdk.client.*;
import org.eclipse.milo.opcua.sdk.client.api.subscriptions.*;
import org.eclipse.milo.opcua.stack.core.*;
import org.eclipse.milo.opcua.stack.core.serialization.UaStructure;
import org.eclipse.milo.opcua.stack.core.types.builtin.*;
import org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.*;
import org.eclipse.milo.opcua.stack.core.types.enumerated.*;
import org.eclipse.milo.opcua.stack.core.types.structured.*;

import static org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.Unsigned.*;

import static java.util.stream.Collectors.toList;

/** Subscriptions: values, triggering, events, and what becomes of them when connections and servers end. */
class MiloSubscriptions extends MiloClient {
    /** BadNotExecutable (OPC 10000-6 A.2), which Milo 0.6 has no name for. */
    static final long NOT_EXECUTABLE = 0x81110000L;

    static MonitoredItemCreateRequest item(UaSubscription of, NodeId node, double sampling, MonitoringMode mode, UaStructure filter, OpcUaClient one) {
        var encoded = filter == null ? null : ExtensionObject.encode(one.getStaticSerializationContext(), filter);
        return new MonitoredItemCreateRequest(new ReadValueId(node, filter instanceof EventFilter ? AttributeId.EventNotifier.uid() : AttributeId.Value.uid(), null, QualifiedName.NULL_VALUE),
            mode, new MonitoringParameters(of.nextClientHandle(), sampling, encoded, uint(10), true));
    }

    static void subscriptions(OpcUaClient one) throws Exception {
        var heard = new ConcurrentHashMap<String, Integer>();
        var manager = one.getSubscriptionManager();
        for (double interval : new double[] {50, 250, 1000}) {
            var subscription = manager.createSubscription(interval).get();
            var filters = Arrays.asList(null, new DataChangeFilter(DataChangeTrigger.StatusValueTimestamp, uint(0), 0.0),
                new DataChangeFilter(DataChangeTrigger.StatusValue, uint(1), 0.5), new DataChangeFilter(DataChangeTrigger.StatusValue, uint(2), 1.0));
            var requests = new ArrayList<MonitoredItemCreateRequest>();
            for (double sampling : new double[] {-1, 0, 100, 5000})
                for (var filter : filters) requests.add(item(subscription, plant("pump/level"), sampling, MonitoringMode.Reporting, filter, one));
            check("items of " + interval + " ms", () -> subscription.createMonitoredItems(TimestampsToReturn.Both, requests,
                (made, i) -> made.setValueConsumer(value -> heard.merge(interval + " " + made.getClientHandle(), 1, Integer::sum))).get(),
                items -> items.stream().allMatch(made -> made.getStatusCode().isGood()));
            var state = subscription.createMonitoredItems(TimestampsToReturn.Both, List.of(
                item(subscription, plant("pump/start-level"), 100, MonitoringMode.Reporting, null, one),
                item(subscription, Identifiers.Server_ServerStatus_CurrentTime, 100, MonitoringMode.Sampling, null, one))).get();
            state.get(1).setValueConsumer(value -> heard.merge(interval + " triggered", 1, Integer::sum));
            check("a link of triggering", () -> subscription.addTriggeringLinks(state.get(0), List.of(state.get(1))).get(), results -> results.get(0).isGood());
        }
        int written = new Random().nextInt(10) + 20;
        is("a write that triggers", () -> write(one, "pump/start-level", new DataValue(new Variant(ushort(written)), null, null)), 0);
        say("each item has its first value, and is triggered", within(20, () -> heard.size() == 3 * 17), new TreeMap<>(heard));
        for (var each : List.copyOf(manager.getSubscriptions())) check("the end of it", () -> manager.deleteSubscription(each.getSubscriptionId()).get(), gone -> gone != null);
    }

    static void events(OpcUaClient one) throws Exception {
        var subscription = one.getSubscriptionManager().createSubscription(200).get();
        var fields = Stream.of("EventId", "EventType", "SourceNode", "SourceName", "Time", "Message", "Severity")
            .map(name -> new SimpleAttributeOperand(Identifiers.BaseEventType, new QualifiedName[] {new QualifiedName(0, name)}, AttributeId.Value.uid(), null));
        var condition = new SimpleAttributeOperand(Identifiers.ConditionType, new QualifiedName[0], AttributeId.NodeId.uid(), null);
        var operands = new ExtensionObject[] {ExtensionObject.encode(one.getStaticSerializationContext(), new LiteralOperand(new Variant(Identifiers.AuditEventType)))};
        var where = new ContentFilter(new ContentFilterElement[] {new ContentFilterElement(FilterOperator.OfType, operands)});
        var filter = new EventFilter(Stream.concat(fields, Stream.of(condition)).toArray(SimpleAttributeOperand[]::new), where);
        var heard = new CopyOnWriteArrayList<Variant[]>();
        check("events of the server", () -> subscription.createMonitoredItems(TimestampsToReturn.Both,
            List.of(item(subscription, Identifiers.Server, 0, MonitoringMode.Reporting, filter, one)),
            (item, i) -> item.setEventConsumer(values -> heard.add(values))).get(), items -> items.get(0).getStatusCode().isGood());
        is("a wrong password", () -> refusal(() -> with(BEST, byPassword("wrong"), other -> "accepted")), StatusCodes.Bad_UserAccessDenied);
        say("is heard, and nothing but audit events", within(15, () -> heard.stream().anyMatch(event -> event[1].getValue().equals(Identifiers.AuditActivateSessionEventType))),
            heard.stream().map(Arrays::toString).collect(toList()));
        is("ConditionRefresh, where no alarm is a condition", () -> call(one, Identifiers.ConditionType, Identifiers.ConditionType_ConditionRefresh,
            subscription.getSubscriptionId()).getStatusCode(), NOT_EXECUTABLE);
        check("GetMonitoredItems", () -> call(one, Identifiers.Server, Identifiers.Server_GetMonitoredItems, subscription.getSubscriptionId()).getOutputArguments(), out -> ((UInteger[]) out[0].getValue()).length == 1);
    }

    /** 2,000 items in calls of 1,000, kept over renewals of the channel, over a cut connection and over another server. */
    static void staying(boolean restart) throws Exception {
        var cable = new Cable();
        var one = client(BEST, byPassword("demo"), cable.socket.getLocalPort());
        var lost = new CopyOnWriteArrayList<String>();
        var changes = new ConcurrentHashMap<String, Integer>();
        one.connect().get();
        Supplier<UaSubscription> subscribe = () -> {
            try {
                var subscription = one.getSubscriptionManager().createSubscription(500).get();
                var tags = List.of("pump/level", "pump/pumped", "energy-meter/power", "energy-meter/frequency");
                for (int i = 0; i < 2; i++) {
                    var requests = IntStream.range(0, 1_000).mapToObj(n -> item(subscription, plant(tags.get(n % 4)), 250, MonitoringMode.Reporting, null, one)).collect(toList());
                    var made = subscription.createMonitoredItems(TimestampsToReturn.Both, requests, (item, n) -> item.setValueConsumer(value ->
                        changes.merge(item.getReadValueId().getNodeId().getIdentifier().toString(), 1, Integer::sum))).get();
                    say("1,000 items", made.stream().allMatch(item -> item.getStatusCode().isGood()), made.size());
                }
                return subscription;
            } catch (Exception error) {
                say("a subscription", false, error);
                return null;
            }
        };
        one.getSubscriptionManager().addSubscriptionListener(new UaSubscriptionManager.SubscriptionListener() {
            @Override
            public void onNotificationDataLost(UaSubscription subscription) {
                lost.add("notifications lost");
            }

            @Override
            public void onSubscriptionTransferFailed(UaSubscription subscription, StatusCode status) {
                lost.add("not transferred " + status);
                ForkJoinPool.commonPool().execute(subscribe::get);
            }
        });
        subscribe.get();
        BooleanSupplier pumps = () -> changes.getOrDefault("pump/pumped", 0) > 2_000;
        say("all are heard", within(30, pumps), changes);
        Thread.sleep(15_000); // two renewals of a channel of 8 s, each after three quarters of it
        changes.clear();
        say("and over renewals of the channel", within(30, pumps) && lost.isEmpty(), changes + " " + lost);
        for (int i = 0; i < 3; i++) {
            cable.cut();
            changes.clear();
            say("and over a cut connection", within(40, pumps) && lost.isEmpty(), changes + " " + lost);
        }
        check("the same items", () -> call(one, Identifiers.Server, Identifiers.Server_GetMonitoredItems,
            one.getSubscriptionManager().getSubscriptions().get(0).getSubscriptionId()).getOutputArguments(), out -> ((UInteger[]) out[0].getValue()).length == 2_000);
        transfer(one);
        if (restart) {
            System.out.println("restart");
            say("another server has no such subscription", within(120, () -> !lost.isEmpty()), lost);
            changes.clear();
            say("and gives one anew", within(60, pumps), changes + " " + lost);
        }
        check("the end", () -> one.disconnect().get(), gone -> true);
    }

    /** A session takes the subscriptions of another one of the same user, which is told. */
    static void transfer(OpcUaClient from) throws Exception {
        var other = client(BEST, byPassword("demo"), 0);
        other.connect().get();
        var subscription = from.getSubscriptionManager().createSubscription(200).get();
        subscription.createMonitoredItems(TimestampsToReturn.Both, List.of(item(subscription, plant("pump/level"), 100, MonitoringMode.Reporting, null, from))).get();
        var told = new CountDownLatch(1);
        subscription.addNotificationListener(new UaSubscription.NotificationListener() {
            @Override
            public void onStatusChangedNotification(UaSubscription of, StatusCode status) {
                if (status.getValue() == StatusCodes.Good_SubscriptionTransferred) told.countDown();
            }
        });
        check("a subscription taken over", () -> other.transferSubscriptions(List.of(subscription.getSubscriptionId()), true).get().getResults(), results -> results[0].getStatusCode().isGood());
        say("and its former session is told", told.await(15, TimeUnit.SECONDS), "nothing");
        other.disconnect().get();
    }
}
