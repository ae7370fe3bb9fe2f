package dev.tarn.serve;

import dev.tarn.ConfigException;
import dev.tarn.run.JsonEvent;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * An HTTP server for one model.
 *
 * <p>Order of use: {@link #start}, then {@link #serve} on the thread that owns the model, which comes back after
 * {@link #stop} was called on another. A server is used once.
 */
public final class ModelServer {

    /** After the time-out, for an answer to reach a slow client. */
    private static final int SLACK_SECONDS = 5;

    /** Connections beyond the requests at work: clients that keep theirs, and those that are to read a 503. */
    private static final int SPARE_CONNECTIONS = 1024;

    private static final int MOST_THREADS = 16;

    private final ServeOptions options;
    private final ModelQueue<?> queue;
    private final Router<?> router;
    private final Server server;
    private final ServerConnector connector;

    /** @param endpoint what the model does */
    public ModelServer(Endpoint<?> endpoint, ServeOptions options) {
        this(endpoint, options, SLACK_SECONDS);
    }

    /** @param slackSeconds how much longer than the time-out a connection may go without a whole request */
    <Q> ModelServer(Endpoint<Q> endpoint, ServeOptions options, int slackSeconds) {
        this.options = options;
        ModelQueue<Q> waiting = new ModelQueue<>(endpoint, options.queue(), options.batch());
        queue = waiting;
        QueuedThreadPool threads = new QueuedThreadPool(MOST_THREADS);
        threads.setName("tarn-http");
        server = new Server(threads);
        server.setStopTimeout(TimeUnit.SECONDS.toMillis(options.graceSeconds()));
        server.setErrorHandler(new JsonErrors());

        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        // Its cache of the headers of every connection takes 100 kB each, more than all else that a connection holds.
        http.setHeaderCacheSize(0);
        connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(options.host());
        connector.setPort(options.port());
        int mostSeconds = options.timeoutSeconds() + slackSeconds;
        connector.setIdleTimeout(TimeUnit.SECONDS.toMillis(mostSeconds));
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(options.maxConcurrent() + SPARE_CONNECTIONS, connector));
        StaleConnections stale = new StaleConnections(connector, mostSeconds);
        connector.addBean(stale);

        Router<Q> routes = new Router<>(endpoint, waiting, options, stale, this::state);
        router = routes;
        server.setHandler(new GracefulHandler(routes) {
            @Override
            protected void handleShutdownRejection(Request request, Response response, Callback callback) {
                Answer.send(request, response, callback, Router.stopping());
            }
        });
    }

    /**
     * Begins to listen; requests wait until {@link #serve} is called.
     *
     * @throws ConfigException if the port cannot be had
     */
    public void start() {
        try {
            connector.open();
        } catch (IOException | RuntimeException e) {
            throw new ConfigException(
                    "The server cannot listen on " + options.host() + ":" + options.port() + " (" + e.getMessage()
                            + "); choose another --host or --port.",
                    e);
        }
        try {
            server.start();
        } catch (Exception e) {
            throw new IllegalStateException("the server does not start", e);
        }
    }

    /** The port that it listens on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Answers requests on this thread until {@link #stop}. */
    public void serve() {
        queue.run();
    }

    /**
     * Stops listening, refuses new requests with 503, waits for the answers under way as long as the grace period lasts,
     * and lets {@link #serve} return.
     */
    public void stop() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the server does not stop", e);
        } finally {
            queue.close();
        }
    }

    /** How it goes, for {@code GET /health}. */
    private JsonEvent state(JsonEvent event) {
        Runtime memory = Runtime.getRuntime();
        return event.with("uptime_seconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1000)
                .with("waiting", queue.size())
                .with("at_work", router.atWork())
                .with("connections", connector.getConnectedEndPoints().size())
                .with("threads", ManagementFactory.getThreadMXBean().getThreadCount())
                .with("heap_bytes", memory.totalMemory() - memory.freeMemory());
    }
}
