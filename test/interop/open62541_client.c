/* What a client made with open62541 must see of the demo plant; arguments: endpoint, certificate and key (DER), policy. */
#include <open62541/client.h>
#include <open62541/client_config_default.h>
#include <open62541/client_highlevel.h>
#include <open62541/client_subscriptions.h>
#include <open62541/plugin/certificategroup_default.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed = 0;
static int changes = 0;
static size_t past = 0;

static void
say(const char *claim, UA_StatusCode status, UA_Boolean holds) {
    UA_Boolean ok = status == UA_STATUSCODE_GOOD && holds;
    failed += !ok;
    printf("%s %s%s%s\n", ok ? "ok  " : "FAIL", claim, ok ? "" : ": ", ok ? "" : UA_StatusCode_name(status));
    fflush(stdout);
}

static UA_ByteString
load(const char *path) {
    UA_ByteString bytes = UA_BYTESTRING_NULL;
    FILE *file = fopen(path, "rb");
    if(!file)
        exit(2);
    fseek(file, 0, SEEK_END);
    UA_ByteString_allocBuffer(&bytes, (size_t)ftell(file));
    fseek(file, 0, SEEK_SET);
    if(fread(bytes.data, 1, bytes.length, file) != bytes.length)
        exit(2);
    fclose(file);
    return bytes;
}

static UA_NodeId
plant(char *identifier) {
    return UA_NODEID_STRING(4, identifier);
}

static void
changed(UA_Client *client, UA_UInt32 subscription, void *context, UA_UInt32 item, void *itemContext, UA_DataValue *value) {
    changes++;
}

static UA_Boolean
page(UA_Client *client, const UA_NodeId *node, UA_Boolean more, const UA_ExtensionObject *data, void *context) {
    past += ((const UA_HistoryData *)data->content.decoded.data)->dataValuesSize;
    return true;
}

static void
watchLevel(UA_Client *client) {
    UA_CreateSubscriptionRequest request = UA_CreateSubscriptionRequest_default();
    request.requestedPublishingInterval = 200;
    UA_CreateSubscriptionResponse subscription = UA_Client_Subscriptions_create(client, request, NULL, NULL, NULL);
    say("a subscription", subscription.responseHeader.serviceResult, true);
    UA_MonitoredItemCreateRequest item = UA_MonitoredItemCreateRequest_default(plant("pump/pumped"));
    UA_MonitoredItemCreateResult made = UA_Client_MonitoredItems_createDataChange(
        client, subscription.subscriptionId, UA_TIMESTAMPSTORETURN_BOTH, item, NULL, changed, NULL);
    say("a monitored item", made.statusCode, true);
}

static void
writeAndCall(UA_Client *client) {
    UA_UInt16 start = 34, stop = 85;
    UA_Variant arguments[2];
    UA_Variant_setScalar(&arguments[0], &start, &UA_TYPES[UA_TYPES_UINT16]);
    UA_Variant_setScalar(&arguments[1], &stop, &UA_TYPES[UA_TYPES_UINT16]);
    say("a write", UA_Client_writeValueAttribute(client, plant("pump/start-level"), &arguments[0]), true);
    size_t count = 0;
    UA_Variant *outputs = NULL;
    UA_StatusCode status =
        UA_Client_call(client, plant("pump#Commands"), plant("pump/commands/levels"), 2, arguments, &count, &outputs);
    say("a command", status, count == 2);
    UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
}

/* The channel lives for 10 s and is renewed each 7.5 s: a server that goes on with the former token is left. */
static void
stayOverRenewals(UA_Client *client) {
    UA_StatusCode status = UA_STATUSCODE_GOOD;
    for(int i = 0; i < 250 && status == UA_STATUSCODE_GOOD; i++)
        status = UA_Client_run_iterate(client, 100);
    say("changes go on over renewals of the channel", status, changes > 4);
}

int
main(int argc, char **argv) {
    if(argc != 5)
        return 2;
    UA_ClientConfig config;
    memset(&config, 0, sizeof config);
    UA_ClientConfig_setDefaultEncryption(&config, load(argv[2]), load(argv[3]), NULL, 0, NULL, 0);
    UA_CertificateGroup_AcceptAll(&config.certificateVerification);
    config.securityMode = UA_MESSAGESECURITYMODE_SIGNANDENCRYPT;
    config.securityPolicyUri = UA_STRING_ALLOC(argv[4]);
    config.secureChannelLifeTime = 10000;
    UA_Client *client = UA_Client_newWithConfig(&config);

    UA_StatusCode status = UA_Client_connectUsername(client, argv[1], "demo", "demo");
    say(argv[4], status, true);
    if(status == UA_STATUSCODE_GOOD) {
        UA_Variant value;
        say("a value", UA_Client_readValueAttribute(client, plant("pump/level"), &value), true);
        UA_Variant_clear(&value);
        watchLevel(client);
        writeAndCall(client);
        stayOverRenewals(client);
        UA_DateTime now = UA_DateTime_now();
        UA_NodeId level = plant("pump/level");
        status = UA_Client_HistoryRead_raw(client, &level, page, now - 3600 * UA_DATETIME_SEC, now, UA_STRING_NULL, false,
                                           5, UA_TIMESTAMPSTORETURN_BOTH, NULL);
        say("history, page by page", status, past > 5);
    }
    UA_Client_disconnect(client);
    UA_Client_delete(client);
    return failed ? 1 : 0;
}
