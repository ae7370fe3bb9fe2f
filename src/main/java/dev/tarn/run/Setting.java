package dev.tarn.run;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a key of the configuration means and may be; the one place from which file, flags, help and messages are made. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Setting {

    /** One phrase for the help and the comment in the file; lower case, without a full stop. */
    String value();

    /** The flag without dashes where it is not the last part of the key. */
    String flag() default "";

    /** The lowest number allowed. */
    double min() default Double.NEGATIVE_INFINITY;

    /** The highest number allowed. */
    double max() default Double.POSITIVE_INFINITY;

    /** Whether {@link #min} itself is not allowed. */
    boolean above() default false;

    /** Whether {@link #max} itself is not allowed. */
    boolean below() default false;

    /** How many entries a list may have. */
    int least() default 0;

    /** How many entries a list may have. */
    int most() default Integer.MAX_VALUE;

    /** A regular expression for a word. */
    String form() default "";

    /** The form in words. */
    String example() default "";
}
