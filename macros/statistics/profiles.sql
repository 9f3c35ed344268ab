{#-
  Bounds that have no closed form: a tail probability is worked out on a grid of candidates, and a
  bound is where it crosses its level.
-#}

{% macro crossing(level, candidate, tail, previous_candidate, previous_tail) -%}
    {#- Where a rising tail probability reaches a level, as an aggregate over the grid. -#}
    case
            when max(case when {{ previous_tail }} is null then {{ tail }} end) >= {{ level }} then 0e0
            else min(
                case
                    when {{ previous_tail }} < {{ level }} and {{ tail }} >= {{ level }}
                        then {{ previous_candidate }}
                            + ({{ candidate }} - {{ previous_candidate }})
                            * ({{ level }} - {{ previous_tail }}) / ({{ tail }} - {{ previous_tail }})
                end
            )
        end
{%- endmacro %}
