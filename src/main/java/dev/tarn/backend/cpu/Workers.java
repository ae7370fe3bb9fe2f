package dev.tarn.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A parallel loop over as many threads as oneDNN uses. Who computes what depends on the number of threads alone, never on
 * timing, so results repeat bit for bit. Between loops the threads look for work for a while and then sleep: a few
 * microseconds where oneDNN has threads of its own on the same cores.
 *
 * <p>Thread-safety: one thread at a time calls {@link #run}, and not from inside a loop.
 */
final class Workers implements AutoCloseable {

    /** A part of a loop. */
    interface Body {

        /**
         * Runs iterations {@code from .. to-1}.
         *
         * @param worker who runs them, in 0..threads-1: an index for scratch memory
         */
        void run(int worker, int from, int to);
    }

    /** How often a thread looks before it sleeps that others want to replace: about 10 microseconds. */
    private static final int FEW_LOOKS = 200;

    /** How often one looks that has its core to itself: longer than any pause within a step. */
    private static final int MANY_LOOKS = 20_000;

    /** How often the caller looks for the end of the loop before it lets others run on its core. */
    private static final int LOOKS_BEFORE_YIELD = 20_000;

    private final Worker[] workers;
    private final int looks;
    private final AtomicInteger running = new AtomicInteger();

    // Published by the write to round, read after seeing it.
    private Body body = (worker, from, to) -> {};
    private int count;
    private int share;
    private int rounds;
    private volatile int round;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /**
     * Starts the threads.
     *
     * @param own whether nobody else computes on their cores
     */
    Workers(int threads, boolean own) {
        looks = own ? MANY_LOOKS : FEW_LOOKS;
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    int threads() {
        return workers.length + 1;
    }

    /**
     * Runs {@code body} over {@code 0 .. count-1}, split evenly into parts of at least {@code grain} iterations, and
     * returns when all have run. What a part throws is thrown here.
     */
    void run(int count, int grain, Body body) {
        int parts = Math.min(threads(), Math.max(1, count / Math.max(1, grain)));
        if (parts == 1) {
            if (count > 0) {
                body.run(0, 0, count);
            }
            return;
        }
        this.body = body;
        this.count = count;
        this.share = (count + parts - 1) / parts;
        running.set(workers.length);
        rounds++;
        round = rounds;
        for (Worker worker : workers) {
            worker.wake();
        }
        part(0);
        awaitOthers();
        this.body = (worker, from, to) -> {};
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            rethrow(thrown);
        }
    }

    private void part(int worker) {
        int from = Math.min(count, worker * share);
        int to = Math.min(count, from + share);
        if (from < to) {
            try {
                body.run(worker, from, to);
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // giving way is polite where cores are few; nothing relies on it
    private void awaitOthers() {
        int looks = 0;
        while (running.get() > 0) {
            if (++looks < LOOKS_BEFORE_YIELD) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    private static void rethrow(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) thrown;
    }

    /** Ends the threads. */
    @Override
    public void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
        }
        for (Worker worker : workers) {
            try {
                worker.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private final class Worker extends Thread {

        private final int index;
        private volatile boolean sleeping;

        Worker(int index) {
            super("tarn-cpu-" + index);
            this.index = index;
            setDaemon(true);
        }

        void wake() {
            if (sleeping) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            int seen = 0;
            while (true) {
                seen = awaitRound(seen);
                if (closed) {
                    return;
                }
                part(index);
                running.decrementAndGet();
            }
        }

        private int awaitRound(int seen) {
            for (int look = 0; look < looks; look++) {
                if (round != seen || closed) {
                    return round;
                }
                Thread.onSpinWait();
            }
            sleeping = true;
            // The caller writes round before it reads sleeping, this thread the other way round: one sees the other.
            while (round == seen && !closed) {
                LockSupport.park(Workers.this);
            }
            sleeping = false;
            return round;
        }
    }
}
