package dev.tarn.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A parallel loop over as many threads as oneDNN uses. Where it is split depends on the number of threads alone, never on
 * timing, so results repeat bit for bit; who runs a part may depend on it: the caller takes over the parts that no thread
 * has begun when its own is done, so a core that other programs keep busy costs its share and not the whole loop. Between
 * loops the threads look for work for a while and then sleep: a few microseconds where oneDNN has threads of its own on
 * the same cores.
 *
 * <p>Thread-safety: one thread at a time calls {@link #run}, and not from inside a loop.
 */
final class Workers implements AutoCloseable {

    /** A part of a loop. */
    interface Body {

        /**
         * Runs iterations {@code from .. to-1}.
         *
         * @param part which part of the loop they are, in 0..threads-1: an index for scratch memory
         */
        void run(int part, int from, int to);
    }

    /** How often a thread looks before it sleeps that others want to replace: about 10 microseconds. */
    private static final int FEW_LOOKS = 200;

    /** How often one looks that has its core to itself: longer than any pause within a step. */
    private static final int MANY_LOOKS = 20_000;

    /** How often the caller looks for the end of the loop before it lets others run on its core. */
    private static final int LOOKS_BEFORE_YIELD = 20_000;

    private static final Body NOTHING = (part, from, to) -> {};

    private static final int TAKEN = 0;

    private final Worker[] workers;
    private final int looks;

    /** The round in which a part waits to be run; whoever sets it back to {@link #TAKEN} runs it. */
    private final AtomicIntegerArray open;

    /** The parts of this round that have not ended. */
    private final AtomicInteger running = new AtomicInteger();

    // Published by opening the parts, read after taking one.
    private Body body = NOTHING;
    private int count;
    private int share;
    private volatile int round = TAKEN;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /**
     * Starts the threads.
     *
     * @param own whether nobody else computes on their cores
     */
    Workers(int threads, boolean own) {
        looks = own ? MANY_LOOKS : FEW_LOOKS;
        open = new AtomicIntegerArray(threads);
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
        running.set(parts);
        int next = round + 1 == TAKEN ? TAKEN + 1 : round + 1;
        for (int part = 1; part < parts; part++) {
            open.set(part, next);
        }
        round = next;
        for (int part = 1; part < parts; part++) {
            workers[part - 1].wake();
        }
        runPart(0);
        for (int part = parts - 1; part > 0; part--) {
            runIfOpen(part, next);
        }
        awaitOthers();
        this.body = NOTHING;
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            rethrow(thrown);
        }
    }

    private void runIfOpen(int part, int round) {
        if (open.compareAndSet(part, round, TAKEN)) {
            runPart(part);
        }
    }

    private void runPart(int part) {
        int from = Math.min(count, part * share);
        int to = Math.min(count, from + share);
        try {
            if (from < to) {
                body.run(part, from, to);
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        running.decrementAndGet();
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

        private final int part;
        private volatile boolean sleeping;

        Worker(int part) {
            super("tarn-cpu-" + part);
            this.part = part;
            setDaemon(true);
        }

        void wake() {
            if (sleeping) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            int seen = TAKEN;
            while (true) {
                seen = awaitRound(seen);
                if (closed) {
                    return;
                }
                runIfOpen(part, seen);
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
