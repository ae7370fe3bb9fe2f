package dev.tarn.data.download;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A web server on this machine with one file, which can break off, fall silent, or change its file. */
public final class FileServer implements AutoCloseable {

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<String> ranges = Collections.synchronizedList(new ArrayList<>());

    private volatile byte[] file;
    private volatile String mark = "\"one\"";
    private volatile int breakAfter = -1;
    private volatile boolean isSilent;

    /** Serves a file under any path but {@code /none}. */
    public FileServer(byte[] file) throws IOException {
        this.file = file;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** Where a name is served. */
    public String url(String name) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + name;
    }

    /** Answers break off after so many bytes; -1: never. */
    void breakAfter(int bytes) {
        breakAfter = bytes;
    }

    /** Answers stop where they would break off, without an end. */
    void fallSilent() {
        isSilent = true;
    }

    void replace(byte[] other) {
        file = other;
        mark = "\"two\"";
    }

    /** The ranges that were asked for, "" for the whole. */
    List<String> ranges() {
        return List.copyOf(ranges);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] whole = file;
            if (exchange.getRequestURI().getPath().equals("/none")) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            String range = exchange.getRequestHeaders().getFirst("Range");
            ranges.add(range == null ? "" : range);
            int from = 0;
            exchange.getResponseHeaders().set("ETag", mark);
            if (range != null && mark.equals(exchange.getRequestHeaders().getFirst("If-Range"))) {
                from = Integer.parseInt(range.replaceAll("\\D", ""));
                if (from >= whole.length) {
                    exchange.sendResponseHeaders(416, -1);
                    return;
                }
                exchange.getResponseHeaders()
                        .set("Content-Range", "bytes " + from + "-" + (whole.length - 1) + "/" + whole.length);
            }
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, whole.length - from);
            int end = breakAfter < 0 ? whole.length : Math.min(whole.length, from + breakAfter);
            OutputStream out = exchange.getResponseBody();
            out.write(Arrays.copyOfRange(whole, from, end));
            out.flush();
            if (isSilent) {
                closed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
