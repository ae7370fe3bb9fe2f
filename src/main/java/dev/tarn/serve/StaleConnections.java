package dev.tarn.serve;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Closes connections that have neither begun nor ended a request for a while. Jetty's own idle time-out starts again with
 * every byte, so that headers, a body or the reading of an answer may drip for ever; this one does not.
 */
final class StaleConnections extends AbstractLifeCycle {

    private static final long SWEEP_MILLIS = 500;

    private final ServerConnector connector;
    private final long mostNanos;
    private final Map<EndPoint, Long> since = new ConcurrentHashMap<>();
    private volatile Scheduler.@Nullable Task next;

    /** @param mostSeconds longer than any request takes */
    StaleConnections(ServerConnector connector, long mostSeconds) {
        this.connector = connector;
        this.mostNanos = TimeUnit.SECONDS.toNanos(mostSeconds);
    }

    /** Says that a connection began a request, and listens for its end. */
    void began(Request request) {
        EndPoint connection = request.getConnectionMetaData().getConnection().getEndPoint();
        touch(connection);
        Request.addCompletionListener(request, failure -> touch(connection));
    }

    private void touch(EndPoint connection) {
        // One that has just been closed must not come back into the map.
        since.computeIfPresent(connection, (key, before) -> System.nanoTime());
    }

    @Override
    protected void doStart() {
        schedule();
    }

    @Override
    protected void doStop() {
        Scheduler.Task task = next;
        if (task != null) {
            task.cancel();
        }
        since.clear();
    }

    private void schedule() {
        next = connector.getScheduler().schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void sweep() {
        long now = System.nanoTime();
        var open = connector.getConnectedEndPoints();
        since.keySet().retainAll(open);
        for (EndPoint connection : open) {
            if (now - since.computeIfAbsent(connection, key -> now) > mostNanos) {
                connection.close();
            }
        }
        if (isRunning()) {
            schedule();
        }
    }
}
