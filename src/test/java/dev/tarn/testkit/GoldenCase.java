package dev.tarn.testkit;

import static org.assertj.core.api.Assertions.fail;

import dev.tarn.checkpoint.SafeTensors;
import dev.tarn.checkpoint.SafeTensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One golden case: a JSON with configuration and scalars, and the tensors beside it. */
public final class GoldenCase {

    private final String name;
    private final JsonNode json;
    private final @Nullable SafeTensorsFile tensors;

    private GoldenCase(String name, JsonNode json, @Nullable SafeTensorsFile tensors) {
        this.name = name;
        this.json = json;
        this.tensors = tensors;
    }

    static GoldenCase load(Path file) {
        String name = file.getFileName().toString().replaceFirst("\\.json$", "");
        Path tensors = file.resolveSibling(name + ".safetensors");
        return new GoldenCase(name, Golden.parse(file), Files.exists(tensors) ? SafeTensors.read(tensors) : null);
    }

    /** The name of the files without their endings. */
    public String name() {
        return name;
    }

    /** The whole JSON. */
    public JsonNode json() {
        return json;
    }

    /** What the computation was given. */
    public JsonNode config() {
        return json.path("config");
    }

    /** The scalars that it gave. */
    public JsonNode values() {
        return json.path("values");
    }

    /** One scalar under {@code values} by its dotted path, {@code "b0.ce_f64"}; null is NaN, as the format has it. */
    public double value(String path) {
        JsonNode node = values();
        for (String part : path.split("\\.", -1)) {
            node = node.path(part);
        }
        if (node.isMissingNode()) {
            throw new IllegalArgumentException(name + " has no value " + path);
        }
        return number(node);
    }

    /** A number of the format: null is NaN, infinities are strings. */
    public static double number(JsonNode node) {
        if (node.isNull()) {
            return Double.NaN;
        }
        return node.isString() ? Double.parseDouble(node.asString()) : node.asDouble();
    }

    /** The names of all tensors; empty if the case has none. */
    public Set<String> keys() {
        return tensors == null ? Set.of() : tensors.names();
    }

    /** Whether there is a tensor of this name. */
    public boolean has(String key) {
        return tensors != null && tensors.has(key);
    }

    /** The values of a tensor, row-major. */
    public double[] tensor(String key) {
        return file().doubles(key);
    }

    /** As {@link #tensor}, in single precision. */
    public float[] floats(String key) {
        return file().floats(key);
    }

    /** The values of a tensor of integers, row-major. */
    public int[] ids(String key) {
        return file().ints(key);
    }

    /** The shape of a tensor. */
    public int[] shape(String key) {
        return file().shape(key);
    }

    /**
     * The largest error allowed per element of a tensor: 40 times what single precision lost against double when the
     * value was made, plus 2e-6 of its largest magnitude.
     */
    public double tolerance(String key) {
        JsonNode tensor = json.path("tensors").path(key);
        if (tensor.isMissingNode()) {
            throw new IllegalArgumentException(name + " does not describe a tensor " + key);
        }
        return 40 * tensor.path("f64_maxabs").asDouble(0)
                + 2e-6 * tensor.path("absmax").asDouble(0);
    }

    /** Fails unless every element of {@code got} is within {@link #tolerance} of the golden one. */
    public void assertClose(String key, double[] got) {
        double[] golden = tensor(key);
        if (got.length != golden.length) {
            fail("%s: %s has %d elements, expected %d", name, key, got.length, golden.length);
        }
        double allowed = tolerance(key);
        int worst = -1;
        double worstError = allowed;
        for (int i = 0; i < golden.length; i++) {
            double error = Double.compare(got[i], golden[i]) == 0 ? 0 : Math.abs(got[i] - golden[i]);
            // Written so that a NaN counts as an error.
            if (!(error <= worstError)) {
                worst = i;
                worstError = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
            }
        }
        if (worst >= 0) {
            fail(
                    "%s: %s[%d] is %s, expected %s; the error %.3g is above the allowed %.3g",
                    name, key, worst, got[worst], golden[worst], worstError, allowed);
        }
    }

    /** As {@link #assertClose(String, double[])}, for single precision. */
    public void assertClose(String key, float[] got) {
        double[] wide = new double[got.length];
        for (int i = 0; i < got.length; i++) {
            wide[i] = got[i];
        }
        assertClose(key, wide);
    }

    @Override
    public String toString() {
        return name;
    }

    private SafeTensorsFile file() {
        if (tensors == null) {
            throw new IllegalStateException(name + " has no tensors");
        }
        return tensors;
    }
}
