/* order/shipment.c: see shipment.h. */
#include "order/shipment.h"

static struct span text_of(const struct order_columns *columns, const struct order_row *row, enum order_field field)
{
    return row->damaged ? (struct span){NULL, 0} : value_trimmed(order_value(columns, row, field));
}

struct span shipment_number(const struct order_columns *columns, const struct order_row *row,
                            char bytes[VALUE_NARROW_MAX])
{
    return value_narrowed(text_of(columns, row, ORDER_FIELD_TRACKING_NUMBER), bytes);
}

const struct order_row *shipment_first(const struct order_columns *columns, const struct order *order,
                                       enum order_field field)
{
    const struct order_row *first = NULL;
    for (size_t i = 0; i < order->count; i++) {
        const struct order_row *row = &order->rows[i];
        if ((first == NULL || row->number < first->number) && text_of(columns, row, field).length > 0)
            first = row;
    }
    return first;
}

/* The first row in the file with another number than `number`; 0 where there is none. */
static uint32_t other_row(const struct order_columns *columns, const struct order *order, struct span number)
{
    uint32_t other = 0;
    for (size_t i = 0; i < order->count; i++) {
        char bytes[VALUE_NARROW_MAX];
        const struct order_row *row = &order->rows[i];
        struct span another = shipment_number(columns, row, bytes);
        if (another.length > 0 && !span_equal(another, number) && (other == 0 || row->number < other))
            other = row->number;
    }
    return other;
}

/* The row that comes next in the file behind row `number`; NULL: there is none. */
static const struct order_row *next_row(const struct order *order, uint32_t number)
{
    const struct order_row *next = NULL;
    for (size_t i = 0; i < order->count; i++)
        if (order->rows[i].number > number && (next == NULL || order->rows[i].number < next->number))
            next = &order->rows[i];
    return next;
}

static bool is_known(const struct order_shipment *shipment, struct span number)
{
    for (size_t i = 0; i < shipment->number_count; i++)
        if (span_equal(shipment->numbers[i], number))
            return true;
    return false;
}

/* Every number, and its carrier. */
static bool list_numbers(const struct order_columns *columns, const struct order *order, struct arena *arena,
                         struct order_shipment *shipment)
{
    char bytes[VALUE_NARROW_MAX];
    shipment->numbers = arena_alloc(arena, order->count * sizeof *shipment->numbers);
    shipment->carriers = arena_alloc(arena, order->count * sizeof *shipment->carriers);
    if (shipment->numbers == NULL || shipment->carriers == NULL)
        return false;
    for (const struct order_row *row = next_row(order, 0); row != NULL; row = next_row(order, row->number)) {
        struct span number = shipment_number(columns, row, bytes);
        struct span carrier = text_of(columns, row, ORDER_FIELD_CARRIER);
        if (number.length == 0 || is_known(shipment, number))
            continue;
        number = arena_copy(arena, number);
        if (number.data == NULL)
            return false;
        shipment->numbers[shipment->number_count] = number;
        shipment->carriers[shipment->number_count++] = carrier.length > 0 ? carrier : shipment->carrier;
    }
    return true;
}

bool shipment_build(const struct order_columns *columns, const struct order *order, struct arena *arena,
                    struct order_shipment *shipment)
{
    const struct order_row *first = shipment_first(columns, order, ORDER_FIELD_TRACKING_NUMBER);
    const struct order_row *carrier = first;
    *shipment = (struct order_shipment){.several = false};
    if (first != NULL) {
        char bytes[VALUE_NARROW_MAX];
        shipment->number = arena_copy(arena, shipment_number(columns, first, bytes));
        if (shipment->number.data == NULL)
            return false;
        shipment->several_row = other_row(columns, order, shipment->number);
        shipment->several = shipment->several_row != 0;
    }
    if (carrier == NULL || text_of(columns, carrier, ORDER_FIELD_CARRIER).length == 0)
        carrier = shipment_first(columns, order, ORDER_FIELD_CARRIER);
    if (carrier != NULL)
        shipment->carrier = text_of(columns, carrier, ORDER_FIELD_CARRIER);
    return first == NULL || list_numbers(columns, order, arena, shipment);
}
