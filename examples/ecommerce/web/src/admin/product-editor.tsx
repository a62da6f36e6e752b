import { useLocation } from 'preact-iso';
import type { Category, Product } from '../api/services.js';
import { useCall } from '../api/use-call.js';
import { useWrite } from '../api/use-write.js';
import { toast } from '../masthead/toast.js';
import { Field } from '../parts/field.js';
import { Form, textOf } from '../parts/form.js';
import { Notice } from '../parts/notice.js';
import { CATEGORIES, CATEGORY_NAMES } from '../words.js';

type Draft = Pick<Product, 'name' | 'description' | 'price' | 'stock' | 'category' | 'tags'>;

const EMPTY: Draft = {
  name: '',
  description: '',
  price: 0,
  stock: 0,
  category: 'PRODUCT_CATEGORY_UNSPECIFIED',
  tags: [],
};

/** One product: a new one, when the id is 0. */
export function ProductEditor({ id }: { readonly id: number }) {
  const { answer, refusal } = useCall('ecommerce.ProductService/GetProduct', id === 0 ? undefined : { id }).value;
  const product = id === 0 ? EMPTY : answer?.product;
  return (
    <div class="sheet editor">
      <Notice refusal={refusal} />
      {product && <Editor id={id} product={product} />}
    </div>
  );
}

function Editor({ id, product }: { readonly id: number; readonly product: Draft }) {
  const { route } = useLocation();
  const creation = useWrite('ecommerce.ProductService/CreateProduct');
  const change = useWrite('ecommerce.ProductService/UpdateProduct');
  const save = async (values: FormData) => {
    const draft = draftOf(values);
    await (id === 0 ? creation.send(draft) : change.send({ id, ...draft }));
    toast('Saved', draft.name);
    route('/admin/products');
  };
  const mended = () => {
    creation.mended();
    change.mended();
  };
  return (
    <div onInput={mended}>
      <Form action="Save" onSubmit={save}>
        {(refusal) => (
          <>
            <Field label="Name" name="name" refusal={refusal}>
              <input defaultValue={product.name} />
            </Field>
            <Field label="Description" name="description" refusal={refusal}>
              <textarea rows={3} defaultValue={product.description} />
            </Field>
            <div class="pair">
              <Field label="Price in USD" name="price" refusal={refusal}>
                <input type="number" step="0.01" defaultValue={String(product.price)} />
              </Field>
              <Field label="Stock" name="stock" refusal={refusal}>
                <input type="number" defaultValue={String(product.stock)} />
              </Field>
              <Field label="Category" name="category" refusal={refusal}>
                <select defaultValue={product.category}>
                  <option value="PRODUCT_CATEGORY_UNSPECIFIED">Choose…</option>
                  {CATEGORY_NAMES.map((category) => (
                    <option key={category} value={category}>
                      {CATEGORIES[category]}
                    </option>
                  ))}
                </select>
              </Field>
            </div>
            <Field label="Tags, separated by commas" name="tags" refusal={refusal}>
              <input defaultValue={product.tags.join(', ')} />
            </Field>
          </>
        )}
      </Form>
    </div>
  );
}

function draftOf(values: FormData): Draft {
  return {
    name: textOf(values, 'name'),
    description: textOf(values, 'description'),
    price: Number(textOf(values, 'price')),
    stock: Number(textOf(values, 'stock')),
    category: textOf(values, 'category') as Category,
    tags: textOf(values, 'tags')
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  };
}
