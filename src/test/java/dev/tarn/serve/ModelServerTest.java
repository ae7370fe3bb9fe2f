package dev.tarn.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.serve.Wire.Reply;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ModelServerTest {

    private static final int MAX_BODY = 1000;

    private final Gate gate = new Gate();
    private final List<Wire> wires = new ArrayList<>();
    private @Nullable ModelServer server;
    private @Nullable Thread owner;

    /** A server with an open or a closed gate; returns its port. */
    private int start(int maxConcurrent, int queue, int batch, int timeoutSeconds) {
        return start(maxConcurrent, queue, batch, timeoutSeconds, 5);
    }

    private int start(int maxConcurrent, int queue, int batch, int timeoutSeconds, int slackSeconds) {
        ServeOptions options =
                new ServeOptions("127.0.0.1", 0, MAX_BODY, maxConcurrent, queue, batch, timeoutSeconds, 10);
        ModelServer started = new ModelServer(gate, options, slackSeconds);
        started.start();
        owner = new Thread(started::serve, "model");
        owner.start();
        server = started;
        return started.port();
    }

    private int startOpen() {
        gate.open();
        return start(16, 8, 4, 10);
    }

    private Wire wire(int port) throws IOException {
        Wire wire = new Wire(port);
        wires.add(wire);
        return wire;
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        gate.open();
        for (Wire wire : wires) {
            wire.close();
        }
        if (server != null && owner != null) {
            server.stop();
            owner.join();
        }
    }

    private static void assertRefused(Reply reply, int status, String... words) {
        assertThat(reply.status()).as(reply.toString()).isEqualTo(status);
        assertThat(reply.headers()).containsEntry("content-type", "application/json");
        assertThat(reply.body()).startsWith("{\"error\":\"").endsWith(".\"}\n");
        assertThat(List.of(words)).allSatisfy(word -> assertThat(reply.body()).contains(word));
    }

    @Test
    void oneConnectionAsksManyTimes() throws IOException {
        Wire wire = wire(startOpen());
        for (int i = 0; i < 5; i++) {
            Reply reply = wire.post("/say", "hello " + i).reply();
            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.headers())
                    .containsEntry("content-type", "application/json")
                    .doesNotContainKey("server");
            assertThat(reply.body()).isEqualTo("{\"said\":\"hello " + i + "\"}\n");
        }
        // Two at once on one connection are answered in their order.
        wire.post("/say", "a").post("/say", "b");
        assertThat(wire.reply().body()).contains("\"a\"");
        assertThat(wire.reply().body()).contains("\"b\"");
    }

    @Test
    void healthSaysWhatTheModelIsAndHowItGoes() throws IOException {
        int port = startOpen();
        Wire.post(port, "/say", "hello");
        Reply health = awaitHealth(port, "\"answered\":1,");
        assertThat(health.status()).isEqualTo(200);
        assertThat(health.body())
                .startsWith("{\"status\":\"ok\",\"model\":{\"kind\":\"gate\"},")
                .contains("\"waiting\":0", "\"shed\":0", "\"threads\":", "\"heap_bytes\":");
        assertThat(Wire.ask(port, "GET", "/ready").body()).isEqualTo("{\"ready\":true}\n");
    }

    @Test
    void whatIsNotThereOrNotTakenIsNamed() throws IOException {
        int port = startOpen();
        assertRefused(Wire.ask(port, "GET", "/"), 404, "POST /say", "GET /health");
        assertRefused(Wire.post(port, "/generate", "{}"), 404, "POST /say");
        assertRefused(Wire.ask(port, "GET", "/say"), 405, "POST");
        assertThat(Wire.ask(port, "GET", "/say").headers()).containsEntry("allow", "POST");
        assertRefused(Wire.post(port, "/health", "{}"), 405, "GET, HEAD");
        for (String type : List.of("", "Content-Type: text/plain\r\n", "Content-Type: application/jsonp\r\n")) {
            try (Wire wire = new Wire(port)) {
                Reply reply = wire.send("POST /say HTTP/1.1\r\nHost: tarn\r\n" + type + "Content-Length: 2\r\n\r\n{}")
                        .reply();
                assertRefused(reply, 415, "Content-Type: application/json");
            }
        }
        try (Wire wire = new Wire(port)) {
            Reply reply = wire.send(
                            "POST /say HTTP/1.1\r\nHost: tarn\r\nContent-Type: application/JSON; charset=utf-8\r\n"
                                    + "Content-Length: 2\r\n\r\nhi")
                    .reply();
            assertThat(reply.status()).isEqualTo(200);
        }
    }

    @Test
    void whatIsNoHttpIsAnsweredInJsonToo() throws IOException {
        int port = startOpen();
        try (Wire wire = new Wire(port)) {
            assertRefused(wire.send("this is no HTTP at all\r\n\r\n").reply(), 400);
        }
        try (Wire wire = new Wire(port)) {
            String long1 = "X-Long: " + "x".repeat(20_000);
            assertRefused(
                    wire.send("GET /health HTTP/1.1\r\nHost: tarn\r\n" + long1 + "\r\n\r\n")
                            .reply(),
                    431,
                    "headers");
        }
        assertThat(Wire.post(port, "/say", "still there").status()).isEqualTo(200);
    }

    @Test
    void theModelsSentenceIsTheClientsButItsDefectsAreNot() throws IOException {
        int port = startOpen();
        assertRefused(Wire.post(port, "/say", "unreadable"), 400, "The body is unreadable");
        assertRefused(Wire.post(port, "/say", "foreign"), 400, "The text is foreign");
        Reply broken = Wire.post(port, "/say", "broken");
        assertRefused(broken, 500, "log");
        assertThat(broken.body()).doesNotContain("secret", "Exception");
        assertThat(Wire.post(port, "/say", "still there").status()).isEqualTo(200);
    }

    @Test
    void aBadRequestDoesNotFailThoseBesideIt() throws IOException, InterruptedException {
        int port = start(16, 8, 4, 10);
        Wire first = wire(port).post("/say", "first");
        assertThat(gate.begun.take()).containsExactly("first");
        Wire good = wire(port).post("/say", "good");
        awaitWaiting(port, 1);
        Wire foreign = wire(port).post("/say", "foreign");
        awaitWaiting(port, 2);
        gate.open();
        assertThat(first.reply().status()).isEqualTo(200);
        assertThat(good.reply().body()).isEqualTo("{\"said\":\"good\"}\n");
        assertRefused(foreign.reply(), 400, "foreign");
        assertThat(gate.begun.take()).containsExactly("good", "foreign");
    }

    /** Asks until so many requests wait for the model. */
    private static void awaitWaiting(int port, int count) throws IOException {
        awaitHealth(port, "\"waiting\":" + count + ",");
    }

    /** Asks until this stands in the health: a client may have its answer a moment before the server counts it. */
    private static Reply awaitHealth(int port, String part) throws IOException {
        while (true) {
            Reply health = Wire.ask(port, "GET", "/health");
            if (health.body().contains(part)) {
                return health;
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void aBodyThatIsTooLongIsRefusedHoweverItComes() throws IOException {
        int port = startOpen();
        // Announced: refused before a byte of it was sent.
        assertRefused(wire(port).head("/say", 50_000_000).reply(), 413, "more than 1000 bytes", "--max-body");
        assertThat(Wire.post(port, "/say", "x".repeat(MAX_BODY)).status()).isEqualTo(200);
        assertRefused(Wire.post(port, "/say", "x".repeat(MAX_BODY + 1)), 413);
        // Sent by a client that reads nothing until it has sent all: the answer is there nevertheless.
        byte[] megabyte = new byte[1_000_000];
        Wire stubborn = wire(port).head("/say", 50_000_000);
        for (int i = 0; i < 50; i++) {
            stubborn.send(megabyte);
        }
        assertRefused(stubborn.reply(), 413);
        // In chunks, whose sum nobody announces.
        Wire chunked = wire(port)
                .send(
                        "POST /say HTTP/1.1\r\nHost: tarn\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 3; i++) {
            chunked.send("190\r\n" + "x".repeat(400) + "\r\n");
        }
        assertRefused(chunked.send("0\r\n\r\n").reply(), 413);
        // Asked first, as curl does: never sent.
        String expect = "Content-Length: 50000000\r\nExpect: 100-continue\r\n\r\n";
        Wire polite =
                wire(port).send("POST /say HTTP/1.1\r\nHost: tarn\r\nContent-Type: application/json\r\n" + expect);
        assertRefused(polite.reply(), 413);
    }

    @Test
    void loadBeyondTheQueueIsShed() throws IOException, InterruptedException {
        int port = start(16, 2, 1, 10);
        Wire working = wire(port).post("/say", "1");
        assertThat(gate.begun.take()).containsExactly("1");
        Wire second = wire(port).post("/say", "2");
        awaitWaiting(port, 1);
        Wire third = wire(port).post("/say", "3");
        awaitWaiting(port, 2);
        Wire fourth = wire(port).post("/say", "4");
        Reply shed = fourth.reply();
        assertRefused(shed, 503, "try again");
        assertThat(shed.headers()).containsEntry("retry-after", "1");
        gate.open();
        for (Wire wire : List.of(working, second, third)) {
            assertThat(wire.reply().status()).isEqualTo(200);
        }
        // Its connection lives on.
        assertThat(fourth.post("/say", "again").reply().status()).isEqualTo(200);
        assertThat(awaitHealth(port, "\"answered\":4,").body()).contains("\"shed\":1,");
    }

    @Test
    void requestsBeyondMaxConcurrentAreShedThoughTheirBodiesAreStillComing() throws IOException {
        gate.open();
        int port = start(2, 8, 1, 10);
        Wire slow = wire(port).head("/say", 4).send("sl");
        Wire slower = wire(port).head("/say", 6).send("slo");
        while (!Wire.ask(port, "GET", "/health").body().contains("\"at_work\":2,")) {
            Thread.onSpinWait();
        }
        assertRefused(Wire.post(port, "/say", "third"), 503, "under way");
        assertThat(slow.send("ow").reply().status()).isEqualTo(200);
        assertThat(slower.send("wer").reply().body()).contains("slower");
    }

    @Test
    void pastItsTimeARequestIsAnsweredAndGivenUp() throws IOException, InterruptedException {
        int port = start(16, 8, 1, 1);
        Wire working = wire(port).post("/say", "working");
        assertThat(gate.begun.take()).containsExactly("working");
        Wire waiting = wire(port).post("/say", "waiting");
        Wire dripping = wire(port).head("/say", 100).send("drop");
        assertRefused(working.reply(), 504, "1 seconds");
        assertRefused(waiting.reply(), 504);
        assertRefused(dripping.reply(), 408, "faster");
        assertThat(dripping.isEnded()).isTrue();
        assertThat(Wire.ask(port, "GET", "/health").body()).contains("\"waiting\":0");
        gate.open();
        assertThat(gate.wanted.take()).isFalse();
        assertThat(Wire.post(port, "/say", "later").status()).isEqualTo(200);
        assertThat(gate.begun.take()).as("what was given up is not worked on").containsExactly("later");
    }

    @Test
    void headersThatDripDoNotKeepAConnection() throws IOException, InterruptedException {
        gate.open();
        int port = start(16, 8, 1, 1, 0);
        Wire idle = wire(port);
        Wire dripping = wire(port).send("GET /health HTTP/1.1\r\n");
        assertThat(idle.isEnded()).isTrue();
        // Bytes keep coming, so the time without one never runs out; the connection ends all the same.
        long started = System.nanoTime();
        CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> {
            try {
                return dripping.isEnded();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        try {
            while (!ended.isDone()) {
                dripping.send("X: y\r\n");
                Thread.sleep(20);
            }
        } catch (IOException e) {
            assertThat(e).isInstanceOf(SocketException.class);
        }
        assertThat(ended.join()).isTrue();
        assertThat(System.nanoTime() - started).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }

    @Test
    void aClientThatGoesAwayIsGivenUp() throws IOException, InterruptedException {
        int port = start(16, 8, 1, 10);
        Wire working = wire(port).post("/say", "working");
        gate.begun.take();
        wire(port).head("/say", 10).send("abc").close();
        gate.open();
        assertThat(working.reply().status()).isEqualTo(200);
        assertThat(Wire.post(port, "/say", "later").status()).isEqualTo(200);
        assertThat(gate.begun.take()).containsExactly("later");
    }

    @Test
    void stoppingAnswersWhatHasBegunAndRefusesTheRest() throws IOException, InterruptedException {
        int port = start(16, 8, 1, 10);
        Wire working = wire(port).post("/say", "working");
        gate.begun.take();
        Wire waiting = wire(port).post("/say", "waiting");
        awaitWaiting(port, 1);
        Wire later = wire(port);
        // Connections are accepted in their order: the one before this answer is.
        assertThat(Wire.ask(port, "GET", "/ready").status()).isEqualTo(200);
        ModelServer stopped = Objects.requireNonNull(server);
        CompletableFuture<Void> stopping = CompletableFuture.runAsync(stopped::stop);
        assertThatThrownBy(() -> {
                    while (true) {
                        new Wire(port).close();
                    }
                })
                .isInstanceOf(ConnectException.class);
        assertRefusedOrEnded(later);
        assertThat(stopping).isNotDone();
        gate.open();
        assertThat(working.reply().body()).contains("working");
        assertThat(waiting.reply().body()).contains("waiting");
        stopping.join();
        Objects.requireNonNull(owner).join();
    }

    /** A server that stops may close a connection without a request, which a slow machine gives it the time for. */
    private static void assertRefusedOrEnded(Wire wire) {
        Reply reply;
        try {
            reply = wire.post("/say", "too late").reply();
        } catch (IOException ended) {
            return;
        }
        assertRefused(reply, 503, "stopping");
    }

    @Test
    void whatCannotBeServedIsNamed() throws IOException {
        int port = startOpen();
        ServeOptions taken = new ServeOptions("127.0.0.1", port, 1, 1, 1, 1, 1, 1);
        assertThatThrownBy(() -> new ModelServer(gate, taken).start())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("127.0.0.1:" + port)
                .hasMessageContaining("--port");
        ServeOptions nowhere = new ServeOptions("host.invalid", 0, 1, 1, 1, 1, 1, 1);
        assertThatThrownBy(() -> new ModelServer(gate, nowhere).start()).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> new ServeOptions("", 70_000, 1, 1, 1, 1, 1, 1))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--port is 70000");
        assertThatThrownBy(() -> new ServeOptions("", 0, 0, 1, 1, 1, 1, 1)).hasMessageContaining("--max-body is 0");
        assertThatThrownBy(() -> new ServeOptions("", 0, 1, 1, 0, 1, 1, 1)).hasMessageContaining("--queue is 0");
    }
}
