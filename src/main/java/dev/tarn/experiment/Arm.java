package dev.tarn.experiment;

import dev.tarn.ConfigException;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.RunConfig;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One way to penalize the activations: {@code none}, {@code ar-tar} with the alpha and beta of the configuration, or these
 * two and the norm-stabilizer besides, {@code ns-paper-50} or {@code ns-seed-50}, by its form and weight. The name says all
 * of it, so arms can be added to an experiment at any time.
 *
 * @param name also of the folder
 * @param hasArTar whether AR and TAR are on
 * @param form of the norm-stabilizer
 * @param betaNorm its weight; 0 for none
 */
public record Arm(String name, boolean hasArTar, NormForm form, double betaNorm) {

    /** What the others are compared with: fastai's recipe. */
    public static final Arm BASELINE = new Arm("ar-tar", true, NormForm.PAPER, 0);

    /** No penalty. */
    public static final Arm NONE = new Arm("none", false, NormForm.PAPER, 0);

    private static final Pattern STABILIZED = Pattern.compile("ns-(paper|seed)-([0-9]{1,9}(?:\\.[0-9]{1,9})?)");

    /** The seed notebook's weight in its form, and weights up to the same in the paper's. */
    public static final List<Arm> DEFAULTS = List.of(
            NONE, BASELINE, parse("ns-seed-50"), parse("ns-paper-0.5"), parse("ns-paper-5"), parse("ns-paper-50"));

    /**
     * From its name.
     *
     * @throws ConfigException if no arm is called so
     */
    public static Arm parse(String name) {
        if (name.equals(NONE.name)) {
            return NONE;
        }
        if (name.equals(BASELINE.name)) {
            return BASELINE;
        }
        Matcher matcher = STABILIZED.matcher(name);
        BigDecimal weight = matcher.matches() ? new BigDecimal(matcher.group(2)) : BigDecimal.ZERO;
        if (weight.signum() == 0) {
            throw new ConfigException("--arms " + name
                    + " is no arm; allowed are none, ar-tar, ns-paper-WEIGHT and ns-seed-WEIGHT with a weight above 0, such as"
                    + " ns-paper-50.");
        }
        NormForm form = NormForm.valueOf(matcher.group(1).toUpperCase(Locale.ROOT));
        // One spelling for one arm: 50.0 is 50.
        String plain = weight.stripTrailingZeros().toPlainString();
        return new Arm("ns-" + matcher.group(1) + "-" + plain, true, form, weight.doubleValue());
    }

    /** The same configuration with the penalties of this arm. */
    RunConfig applyTo(RunConfig config) {
        RunConfig changed = config;
        for (Map.Entry<String, String> change : changes().entrySet()) {
            changed = changed.with(change.getKey(), change.getValue());
        }
        return changed;
    }

    /** The same configuration with the penalties of this arm. */
    ClassifierConfig applyTo(ClassifierConfig config) {
        ClassifierConfig changed = config;
        for (Map.Entry<String, String> change : changes().entrySet()) {
            changed = changed.with(change.getKey(), change.getValue());
        }
        return changed;
    }

    private Map<String, String> changes() {
        Map<String, String> changes = new LinkedHashMap<>();
        changes.put("regularization.beta-norm", Double.toString(betaNorm));
        changes.put("regularization.norm-form", form.name().toLowerCase(Locale.ROOT));
        if (!hasArTar) {
            changes.put("regularization.alpha", "0");
            changes.put("regularization.beta", "0");
        }
        return changes;
    }
}
