package dev.tarn.cli;

import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Lets SIGTERM and Ctrl-C end a command as if it had come to its end by itself: what it holds is closed, and the exit code
 * is 0. Declare it before what is to be closed, and call {@link #onSignal} once there is something to stop.
 */
final class GracefulStop implements AutoCloseable {

    private final CountDownLatch closed = new CountDownLatch(1);
    private @Nullable Thread hook;

    /** @param stop makes the command return; called on a thread of its own */
    void onSignal(Runnable stop) {
        hook = new Thread(
                () -> {
                    stop.run();
                    awaitClosed();
                    // The JVM would leave with 143, the code of a process that a signal has killed.
                    Runtime.getRuntime().halt(0);
                },
                "tarn-stop");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void awaitClosed() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Everything else is closed: a signal that came may end the process, and a later one need not be waited for. */
    @Override
    public void close() {
        closed.countDown();
        try {
            if (hook != null) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        } catch (IllegalStateException e) {
            // The signal has come, and the hook is what ends the process.
            return;
        }
    }
}
