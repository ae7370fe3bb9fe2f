package dev.tarn.testkit;

import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * The random numbers of a test. Every run draws new ones, and a test that fails prints the line that repeats it:
 *
 * <pre>reproduce: mvn -q test -Dtest=LstmTest#name -Dtests.seed=5F3A</pre>
 *
 * <p>Use: {@code @RegisterExtension final Seeds seeds = new Seeds();}. A test's numbers depend on the seed of the run, the
 * class, the method and the index of a parametrised call, never on which tests ran before it.
 */
public final class Seeds implements BeforeEachCallback, TestExecutionExceptionHandler, InvocationInterceptor {

    private static final long RUN_SEED = runSeed();

    private Random random = new Random(RUN_SEED);

    private static long runSeed() {
        String given = System.getProperty("tests.seed", "");
        return given.isBlank() ? ThreadLocalRandom.current().nextLong() : Long.parseUnsignedLong(given, 16);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        random = random(context.getUniqueId());
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        printHowToRepeat(context, failure);
        throw failure;
    }

    @Override
    public void interceptDynamicTest(
            Invocation<Void> invocation, DynamicTestInvocationContext dynamic, ExtensionContext context)
            throws Throwable {
        try {
            invocation.proceed();
        } catch (Throwable failure) {
            printHowToRepeat(context, failure);
            throw failure;
        }
    }

    private static void printHowToRepeat(ExtensionContext context, Throwable failure) {
        if (failure instanceof TestAbortedException) {
            return;
        }
        String method = context.getTestMethod().map(Method::getName).orElse("*");
        System.err.println("reproduce: mvn -q test -Dtest="
                + context.getRequiredTestClass().getSimpleName() + "#" + method + " -Dtests.seed="
                + Long.toUnsignedString(RUN_SEED, 16).toUpperCase(Locale.ROOT));
    }

    /** The generator of the running test. */
    public Random random() {
        return random;
    }

    /** A new generator that depends on the seed of the run and a name alone, to draw the same numbers several times. */
    public static Random random(String name) {
        long mixed = RUN_SEED;
        for (int i = 0; i < name.length(); i++) {
            mixed = (mixed ^ name.charAt(i)) * 0x100000001B3L;
        }
        return new Random(mixed);
    }

    /** A seed to hand on. */
    public long seed() {
        return random.nextLong();
    }

    /** A whole number from {@code low} to {@code high}, both possible. */
    public int between(int low, int high) {
        return low + random.nextInt(high - low + 1);
    }

    /** Normal numbers with this standard deviation. */
    public double[] doubles(int count, double deviation) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = deviation * random.nextGaussian();
        }
        return values;
    }

    /** As {@link #doubles}, rounded to single precision. */
    public float[] floats(int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    /** Ids below {@code bound}. */
    public int[] ids(int count, int bound) {
        return random.ints(count, 0, bound).toArray();
    }
}
