/**
 * The rules that keep the house in order: imports run one way, a library is seen by one room, every room tells its story.
 * A rule here is a sentence of CONTRIBUTING.md that a machine checks. A new room is added to the order in
 * {@link dev.tarn.architecture.LayeringTest}.
 */
@NullMarked
package dev.tarn.architecture;

import org.jspecify.annotations.NullMarked;
