import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;
import java.util.stream.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.eclipse.milo.opcua.sdk.client.*;
import org.eclipse.milo.opcua.sdk.client.api.config.OpcUaClientConfig;
import org.eclipse.milo.opcua.sdk.client.api.identity.*;
import org.eclipse.milo.opcua.sdk.client.nodes.*;
import org.eclipse.milo.opcua.sdk.core.DataTypeTree;
import org.eclipse.milo.opcua.stack.client.DiscoveryClient;
import org.eclipse.milo.opcua.stack.client.security.DefaultClientCertificateValidator;
import org.eclipse.milo.opcua.stack.core.*;
import org.eclipse.milo.opcua.stack.core.security.DefaultTrustListManager;
import org.eclipse.milo.opcua.stack.core.security.SecurityPolicy;
import org.eclipse.milo.opcua.stack.core.types.builtin.*;
import org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.*;
import org.eclipse.milo.opcua.stack.core.types.enumerated.*;
import org.eclipse.milo.opcua.stack.core.types.structured.*;
import org.eclipse.milo.opcua.stack.core.util.CertificateUtil;
import org.eclipse.milo.opcua.stack.core.util.EndpointUtil;

import static org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.Unsigned.*;

/**
 * What a client made with Eclipse Milo 0.6, as that of Ignition 8.1, must see of the demo plant. Arguments: endpoint, its
 * application URI, certificate and key (DER), then certificate and key of a user. It says "restart" when the gateway is
 * to be killed and started again at its ports.
 */
class MiloClient {
    static final UInteger ALL_CLASSES = uint(0xff), ALL_FIELDS = uint(0x3f);
    static int failed = 0;
    static String endpointUrl, uri;
    static String[] own, user;

    interface Work<T> {
        T get() throws Exception;
    }

    static NodeId plant(String identifier) {
        return new NodeId(4, identifier);
    }

    static synchronized void say(String claim, boolean holds, Object why) {
        failed += holds ? 0 : 1;
        System.out.println((holds ? "ok   " : "FAIL ") + claim + (holds ? "" : ": " + why));
    }

    static <T> T check(String claim, Work<T> work, Predicate<T> expected) {
        try {
            T result = work.get();
            say(claim, expected.test(result), result);
            return result;
        } catch (Exception error) { // every failure is a finding, and the rest is to be seen too
            say(claim, false, error);
            return null;
        }
    }

    static void is(String claim, Work<StatusCode> work, long... allowed) {
        check(claim, work, status -> LongStream.of(allowed).anyMatch(code -> code == status.getValue()));
    }

    /** The StatusCode with which something is refused. */
    static StatusCode refusal(Work<?> work) throws Exception {
        try {
            work.get();
            return StatusCode.GOOD;
        } catch (Exception error) {
            return UaException.extractStatusCode(error).orElseThrow(() -> error);
        }
    }

    static boolean within(int seconds, BooleanSupplier holds) throws InterruptedException {
        for (int i = 0; i < seconds * 10 && !holds.getAsBoolean(); i++) Thread.sleep(100);
        return holds.getAsBoolean();
    }

    static X509Certificate certificate(String file) throws Exception {
        return CertificateUtil.decodeCertificate(Files.readAllBytes(Path.of(file)));
    }

    static KeyPair keys(String[] identity) throws Exception {
        var key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(identity[1]))));
        return new KeyPair(certificate(identity[0]).getPublicKey(), key);
    }

    static IdentityProvider byPassword(String password) {
        return new UsernameProvider("demo", password);
    }

    static IdentityProvider byCertificate(String[] identity) throws Exception {
        return new X509IdentityProvider(certificate(identity[0]), keys(identity).getPrivate());
    }

    record Way(SecurityPolicy policy, MessageSecurityMode mode) {}

    static final Way BEST = new Way(SecurityPolicy.Aes256_Sha256_RsaPss, MessageSecurityMode.SignAndEncrypt);

    /** A client as Ignition makes one: the server's certificate is trusted by hand and checked with everything it says. */
    static OpcUaClient client(Way way, IdentityProvider who, int port) throws Exception {
        var endpoint = DiscoveryClient.getEndpoints(endpointUrl).get().stream()
            .filter(one -> one.getSecurityPolicyUri().equals(way.policy.getUri()) && one.getSecurityMode() == way.mode)
            .findFirst().orElseThrow();
        var trust = new DefaultTrustListManager(Files.createTempDirectory("milo").toFile());
        trust.setTrustedCertificates(List.of(CertificateUtil.decodeCertificate(endpoint.getServerCertificate().bytesOrEmpty())));
        var mine = certificate(own[0]);
        return OpcUaClient.create(OpcUaClientConfig.builder()
            .setEndpoint(port == 0 ? endpoint : EndpointUtil.updateUrl(endpoint, "localhost", port))
            .setApplicationName(LocalizedText.english("interop")).setApplicationUri(uri)
            .setCertificate(mine).setCertificateChain(new X509Certificate[] {mine}).setKeyPair(keys(own))
            .setCertificateValidator(new DefaultClientCertificateValidator(trust))
            .setIdentityProvider(who)
            .setRequestTimeout(uint(30_000)).setKeepAliveInterval(uint(1_000)).setKeepAliveTimeout(uint(10_000))
            .setChannelLifetime(uint(8_000)).setMaxPendingPublishRequests(uint(4))
            .build());
    }

    static <T> T with(Way way, IdentityProvider who, Work1<T> work) throws Exception {
        var one = client(way, who, 0);
        try {
            one.connect().get();
            return work.of(one);
        } finally {
            one.disconnect().get();
        }
    }

    interface Work1<T> {
        T of(OpcUaClient one) throws Exception;
    }

    static DataValue read(OpcUaClient one, NodeId node) throws Exception {
        return one.readValue(0, TimestampsToReturn.Both, node).get();
    }

    static void security() throws Exception {
        var offered = check("endpoints", () -> DiscoveryClient.getEndpoints(endpointUrl).get(), list -> list.size() == 6);
        check("servers", () -> DiscoveryClient.findServers(endpointUrl).get(), list -> list.size() == 1);
        for (var each : offered) {
            var way = new Way(SecurityPolicy.fromUri(each.getSecurityPolicyUri()), each.getSecurityMode());
            check(way + " by password", () -> with(way, byPassword("demo"), one -> read(one, Identifiers.Server_ServerStatus_State)),
                value -> value.getStatusCode().isGood());
            check(way + " by certificate", () -> with(way, byCertificate(user), one -> read(one, plant("pump/level"))), value -> value.getStatusCode().isGood());
        }
        is("a wrong password", () -> refusal(() -> with(BEST, byPassword("wrong"), one -> "accepted")), StatusCodes.Bad_UserAccessDenied);
        say("nobody is offered to come without a user", offered.stream().flatMap(each -> Stream.of(each.getUserIdentityTokens()))
            .noneMatch(token -> token.getTokenType() == UserTokenType.Anonymous), offered);
        is("the certificate of nobody", () -> refusal(() -> with(BEST, byCertificate(own), one -> "accepted")),
            StatusCodes.Bad_UserAccessDenied, StatusCodes.Bad_IdentityTokenRejected);
        var path = endpointUrl.replaceAll("/[^/]*$", "/another");
        var cable = new Cable();
        var elsewhere = "opc.tcp://localhost:" + cable.socket.getLocalPort();
        check("another port gets what the server is known by", () -> DiscoveryClient.getEndpoints(elsewhere).get(),
            list -> list.size() == 6 && EndpointUtil.getPort(list.get(0).getEndpointUrl()) == EndpointUtil.getPort(endpointUrl));
        is("a client that is not who its certificate says", () -> {
            var truth = uri;
            uri = "urn:somebody:else";
            try {
                return refusal(() -> with(BEST, byPassword("demo"), one -> "accepted"));
            } finally {
                uri = truth;
            }
        }, StatusCodes.Bad_CertificateUriInvalid);
        check("another path", () -> DiscoveryClient.getEndpoints(path).get(), list -> list.size() == 6);
    }

    /** Forwards one port to the server, so that connections can be cut. */
    static class Cable {
        final ServerSocket socket = new ServerSocket(0);
        final List<Socket> ends = new CopyOnWriteArrayList<>();

        Cable() throws Exception {
            start(() -> {
                while (true) {
                    var near = socket.accept();
                    ends.add(near);
                    start(() -> {
                        var far = new Socket("localhost", EndpointUtil.getPort(endpointUrl));
                        ends.add(far);
                        start(() -> near.getInputStream().transferTo(far.getOutputStream()));
                        return far.getInputStream().transferTo(near.getOutputStream());
                    });
                }
            });
        }

        void start(Work<?> work) {
            var thread = new Thread(() -> {
                try {
                    work.get();
                } catch (Exception ended) {
                    cut();
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        void cut() {
            for (var each : ends) {
                try {
                    each.close();
                } catch (java.io.IOException gone) {
                    continue;
                }
            }
            ends.clear();
        }
    }

    static BrowseDescription all(NodeId node) {
        return new BrowseDescription(node, BrowseDirection.Forward, Identifiers.HierarchicalReferences, true, ALL_CLASSES, ALL_FIELDS);
    }

    /** Browses everything, ten nodes a request and at most 7 references each, so that all the rest is continued. */
    static Map<NodeId, NodeClass> tree(OpcUaClient one) throws Exception {
        var found = new LinkedHashMap<NodeId, NodeClass>(Map.of(Identifiers.RootFolder, NodeClass.Object));
        Collection<NodeId> next = List.of(Identifiers.RootFolder);
        while (!next.isEmpty()) {
            var here = new ArrayList<>(next);
            next = new ArrayList<>();
            for (int i = 0; i < here.size(); i += 10) {
                var nodes = here.subList(i, Math.min(i + 10, here.size())).stream().map(MiloClient::all).collect(Collectors.toList());
                var view = new ViewDescription(NodeId.NULL_VALUE, DateTime.MIN_VALUE, uint(0));
                var results = new ArrayDeque<>(List.of(one.browse(view, uint(7), nodes).get().getResults()));
                while (!results.isEmpty()) {
                    var result = results.poll();
                    if (!result.getStatusCode().isGood()) throw new UaException(result.getStatusCode());
                    for (var each : result.getReferences() == null ? new ReferenceDescription[0] : result.getReferences()) {
                        var node = each.getNodeId().toNodeId(one.getNamespaceTable()).orElseThrow();
                        if (found.putIfAbsent(node, each.getNodeClass()) == null) next.add(node);
                    }
                    var point = result.getContinuationPoint();
                    if (point.isNotNull()) results.add(one.browseNext(false, List.of(point)).get().getResults()[0]);
                }
            }
        }
        return found;
    }

    static void model(OpcUaClient one) throws Exception {
        var found = check("the whole tree, continued", () -> tree(one), nodes -> nodes.size() > 3_000 && nodes.containsKey(plant("pump/level")));
        var types = check("DataTypeTree", () -> DataTypeTreeBuilder.build(one), tree -> tree.getDataType(Identifiers.Range) != null);
        var nodes = new ArrayList<>(found.keySet());
        var asked = nodes.stream().flatMap(node -> IntStream.rangeClosed(1, 27)
            .mapToObj(id -> new ReadValueId(node, uint(id), null, QualifiedName.NULL_VALUE))).collect(Collectors.toList());
        var read = new ArrayList<DataValue>();
        for (int i = 0; i < asked.size(); i += 5_000)
            read.addAll(List.of(one.read(0, TimestampsToReturn.Both, asked.subList(i, Math.min(i + 5_000, asked.size()))).get().getResults()));
        var odd = new TreeMap<String, Integer>();
        var undecoded = new ArrayList<String>();
        for (int i = 0; i < nodes.size(); i++) {
            var attributes = read.subList(i * 27, i * 27 + 27);
            for (int id = 0; id < 27; id++) {
                var status = attributes.get(id).getStatusCode();
                if (!status.isGood() && status.getValue() != StatusCodes.Bad_AttributeIdInvalid)
                    odd.merge((id + 1) + " " + StatusCodes.lookup(status.getValue()).map(name -> name[0]).orElse("" + status), 1, Integer::sum);
            }
            var value = attributes.get(12).getValue().getValue();
            if (found.get(nodes.get(i)) != NodeClass.Variable || value == null) continue;
            var dataType = (NodeId) attributes.get(13).getValue().getValue();
            var known = types.getDataType(dataType) != null;
            var structures = value instanceof ExtensionObject[] many ? many
                : value instanceof ExtensionObject each ? new ExtensionObject[] {each} : new ExtensionObject[0];
            try {
                for (var each : structures) if (each.getEncodingId().isNotNull()) each.decode(one.getDynamicSerializationContext());
            } catch (RuntimeException error) {
                undecoded.add(nodes.get(i) + " " + error.getMessage());
            }
            if (structures.length > 0) continue; // in a Variant they are ExtensionObjects
            var element = value;
            while (element.getClass().isArray() && java.lang.reflect.Array.getLength(element) > 0) element = java.lang.reflect.Array.get(element, 0);
            var expected = known ? types.getBackingClass(dataType) : null;
            if (!element.getClass().isArray() && (expected == null || !expected.isInstance(element)) && !Identifiers.BaseDataType.equals(dataType))
                undecoded.add(nodes.get(i) + " is " + element.getClass().getSimpleName() + ", not " + dataType + " " + expected);
        }
        System.out.println("     " + nodes.size() + " nodes, attributes with a status: " + odd);
        say("every value is of its DataType, and is decoded", undecoded.isEmpty(), undecoded);
        var unread = new ArrayList<String>();
        for (var node : nodes) {
            if (node.getNamespaceIndex().intValue() == 0 && node.hashCode() % 20 != 0) continue;
            try {
                one.getAddressSpace().getNode(node);
            } catch (Exception error) {
                unread.add(node + " " + error);
            }
        }
        say("nodes with their types", unread.isEmpty(), unread);
        check("a node of a type it knows", () -> one.getAddressSpace().getNode(Identifiers.Server_ServerStatus).getClass().getSimpleName(),
            name -> name.equals("ServerStatusTypeNode"));
    }

    static StatusCode write(OpcUaClient one, String tag, DataValue value) throws Exception {
        return one.writeValue(plant(tag), value).get();
    }

    static CallMethodResult call(OpcUaClient one, NodeId object, NodeId method, Object... arguments) throws Exception {
        return one.call(new CallMethodRequest(object, method, Stream.of(arguments).map(Variant::new).toArray(Variant[]::new))).get();
    }

    static void orders(OpcUaClient one) {
        var level = new Variant(ushort(36));
        is("a write without times", () -> write(one, "pump/start-level", new DataValue(level, null, null)), 0);
        check("what was written", () -> read(one, plant("pump/start-level")), value -> value.getValue().getValue().equals(ushort(36)));
        is("a write with a status of Good", () -> write(one, "pump/start-level", new DataValue(level, StatusCode.GOOD, null)), 0, StatusCodes.Bad_WriteNotSupported);
        is("a write with a time", () -> write(one, "pump/start-level", new DataValue(level, null, DateTime.now())), StatusCodes.Bad_WriteNotSupported);
        is("another type", () -> write(one, "pump/start-level", new DataValue(new Variant("36"), null, null)), StatusCodes.Bad_TypeMismatch);
        is("a tag that is only read", () -> write(one, "pump/level", new DataValue(new Variant(1.0), null, null)), StatusCodes.Bad_NotWritable);
        var commands = plant("pump#Commands");
        var method = plant("pump/commands/levels");
        check("a command", () -> call(one, commands, method, ushort(30), ushort(80)), result -> result.getStatusCode().isGood() && result.getOutputArguments().length == 2);
        is("out of range", () -> call(one, commands, method, ushort(300), ushort(80)).getStatusCode(), StatusCodes.Bad_InvalidArgument);
        is("no argument", () -> call(one, commands, method).getStatusCode(), StatusCodes.Bad_ArgumentsMissing);
        check("a method node", () -> Arrays.asList(one.getAddressSpace().getObjectNode(commands).getMethod("levels").getInputArguments()), list -> list.size() == 2);
    }

    static <T> T details(OpcUaClient one, HistoryReadDetails details, ByteString point, Function<HistoryReadResult, T> of) throws Exception {
        var node = new HistoryReadValueId(plant("pump/level"), null, QualifiedName.NULL_VALUE, point);
        return of.apply(one.historyRead(details, TimestampsToReturn.Both, false, List.of(node)).get().getResults()[0]);
    }

    static DateTime ago(int seconds) {
        return new DateTime(java.time.Instant.now().minusSeconds(seconds));
    }

    static void history(OpcUaClient one) {
        var context = one.getStaticSerializationContext();
        check("raw history, two at a time", () -> {
            var raw = new ReadRawModifiedDetails(false, ago(3600), DateTime.now(), uint(2), false);
            int count = 0;
            for (ByteString point = ByteString.NULL_VALUE; ; ) {
                var result = details(one, raw, point, Function.identity());
                count += ((HistoryData) result.getHistoryData().decode(context)).getDataValues().length;
                point = result.getContinuationPoint();
                if (point.isNull()) return count;
            }
        }, count -> count > 4);
        var defaults = new AggregateConfiguration(true, false, ubyte(0), ubyte(0), false);
        for (var aggregate : List.of(Identifiers.AggregateFunction_Average, Identifiers.AggregateFunction_Interpolative, Identifiers.AggregateFunction_Count))
            check("processed history " + aggregate, () -> details(one,
                new ReadProcessedDetails(ago(180), ago(0), 60_000.0, new NodeId[] {aggregate}, defaults), ByteString.NULL_VALUE,
                result -> ((HistoryData) result.getHistoryData().decode(context)).getDataValues().length), count -> count == 3 || count == 4);
    }

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        endpointUrl = args[0];
        uri = args[1];
        own = new String[] {args[2], args[3]};
        user = new String[] {args[4], args[5]};
        security();
        with(BEST, byPassword("demo"), one -> {
            model(one);
            orders(one);
            history(one);
            MiloSubscriptions.subscriptions(one);
            return null;
        });
        with(BEST, byCertificate(user), one -> {
            MiloSubscriptions.events(one);
            return null;
        });
        MiloSubscriptions.staying(args.length > 6);
        org.eclipse.milo.opcua.stack.core.Stack.releaseSharedResources();
        System.exit(failed > 0 ? 1 : 0);
    }
}
